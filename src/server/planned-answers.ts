import type { GraphQLSchema } from 'graphql'
import type { YogaInitialContext, YogaServerInstance } from 'graphql-yoga'
import { createOperationPlans, type Accept, type Call } from '../graphql/read/operation-plans.ts'
import { describeError } from '../log/describe-error.ts'
import type { Log } from '../log/log.ts'
import type { Store } from '../store/store.ts'
import type { Authentication } from './identity/authenticator.ts'
import { isDatabaseAway } from './mask-error.ts'
import type { PersistedSetting } from './persisted-operations.ts'

/** Answers queries whose fields all come from the database by one statement each, the text of which is the answer. */
export interface PlannedAnswers {
  /** Null for a call that is the pipeline's to answer, be it with an error: what no plan answers, and every error. */
  of(call: Call, caller: Authentication): Promise<PlannedAnswer> | null
}

/** The JSON of `data`; null when the statement failed. `away` says that it was since the database is away. */
export interface PlannedAnswer {
  readonly data: string | null
  readonly away?: unknown
}

export interface PlannedAnswersOptions {
  readonly schema: GraphQLSchema
  readonly store: Store
  readonly persisted: PersistedSetting | null
  readonly log: Log
}

export function createPlannedAnswers(
  { schema, store, persisted, log }: PlannedAnswersOptions,
  pipeline: Pick<YogaServerInstance<object, object>, 'getEnveloped'>,
): PlannedAnswers {
  const plans = createOperationPlans(schema, acceptedBy(pipeline))
  for (const document of persisted?.operations.values() ?? []) plans.register(document)

  /** By the roles held now; null when they change faster than they can be read. */
  const again = async (call: Call, caller: Authentication): Promise<string | null> => {
    const { viewer, rolesVersion } = await caller.current()
    const answer = await plans.answer(call, viewer, store)
    return answer?.rolesVersion === rolesVersion ? answer.data : null
  }
  const failed = (error: unknown): PlannedAnswer => {
    if (isDatabaseAway(error)) return { data: null, away: error }
    log.warn({ error: describeError(error) }, 'the plan of an operation failed; the executor answers')
    return { data: null }
  }
  return {
    of(call, caller) {
      // By the roles that were last read for the caller: the statement says whether they still stand.
      const answer = plans.answer(call, caller.viewer, store)
      if (answer === null) return null
      return answer
        .then(({ data, rolesVersion }) => (rolesVersion === caller.rolesVersion ? data : again(call, caller)))
        .then((data) => ({ data }), failed)
    },
  }
}

/** A store whose statements all meet what one of them met. */
export function storeThatIsAway(store: Store, error: unknown): Store {
  const pool = Object.create(store.pool, { query: { value: () => Promise.reject(error as Error) } }) as Store['pool']
  return { ...store, pool }
}

/**
 * Parses and validates a document as one that arrives is; null for one that is refused. It is kept by the pipeline as
 * any other, refusal and all: so the pipeline must take it for a call, since it marks only what a call is refused with.
 */
function acceptedBy(pipeline: Pick<YogaServerInstance<object, object>, 'getEnveloped'>): Accept {
  return (document, operationName) => {
    const call = { request: { method: 'POST' }, params: { query: document, operationName: operationName ?? undefined } }
    const { parse, validate, schema } = pipeline.getEnveloped(call as YogaInitialContext)
    try {
      const parsed = parse(document)
      return validate(schema, parsed).length === 0 ? parsed : null
    } catch {
      return null
    }
  }
}
