import type { ExecutionResult, GraphQLSchema } from 'graphql'
import type { Plugin, YogaInitialContext, YogaServerInstance } from 'graphql-yoga'
import { createOperationPlans, type Accept, type Call, type OperationPlans } from '../graphql/read/operation-plans.ts'
import { describeError } from '../log/describe-error.ts'
import type { Log } from '../log/log.ts'
import type { Store } from '../store/store.ts'
import type { Clock } from '../time/clock.ts'
import type { Arrival } from './graphql-over-http.ts'
import type { Authentication } from './identity/authenticator.ts'
import { inTime } from './guards.ts'
import { isDatabaseAway } from './mask-error.ts'
import type { PersistedSetting } from './persisted-operations.ts'

export interface OperationPlansOptions {
  readonly schema: GraphQLSchema
  readonly store: Store
  readonly persisted: PersistedSetting | null
  readonly clock: Clock
  readonly log: Log
  /** How long an answer may take, in milliseconds. */
  readonly withinMs: number
}

/**
 * Answers a query whose fields all come from the database by one statement, the text of which is sent as it is. Whatever
 * such a plan cannot answer, and every error, is left to the executor, which comes next.
 */
export function useOperationPlans(options: OperationPlansOptions): Plugin<object, Arrival> {
  const { store, clock, log, withinMs } = options
  let plans: OperationPlans
  return {
    onYogaInit({ yoga }) {
      plans = createOperationPlans(options.schema, acceptedBy(yoga))
      for (const document of options.persisted?.operations.values() ?? []) plans.register(document)
    },
    onParams({ paramsHandler, setParamsHandler }) {
      setParamsHandler((payload) => {
        const { params, context } = payload
        const arrival = context as Arrival
        const caller = arrival.authentication
        const operationName: unknown = params.operationName ?? null
        if (caller === undefined || params.query === undefined || !isName(operationName)) return paramsHandler(payload)
        const call = { document: params.query, operationName, variables: params.variables ?? {} }
        const answer = answerBy(plans, call, caller, store)
        if (answer === null) return paramsHandler(payload)
        const sent = answer.then(
          (data) => (data === null ? paramsHandler(payload) : sentAsIs(data)),
          (error: unknown) => {
            if (isDatabaseAway(error)) arrival.away = error
            else log.warn({ error: describeError(error) }, 'the plan of an operation failed; the executor answers')
            return paramsHandler(payload)
          },
        )
        return inTime(clock, withinMs, sent)
      })
    },
  }
}

/**
 * Answers a call by the roles that were last read for the caller. The statement says whether they still stand: when they
 * do not, they are read anew, and it is asked again. Null when they change faster than that.
 */
function answerBy(
  plans: OperationPlans,
  call: Call,
  caller: Authentication,
  store: Store,
): Promise<string | null> | null {
  const first = plans.answer(call, caller.viewer, store)
  if (first === null) return null
  return first.then(async ({ data, rolesVersion }) => {
    if (rolesVersion === caller.rolesVersion) return data
    const current = await caller.current()
    const second = await plans.answer(call, current.viewer, store)
    return second?.rolesVersion === current.rolesVersion ? second.data : null
  })
}

const sentAsIs = (data: string) => ({ stringify: () => `{"data":${data}}` }) as ExecutionResult

/** A store whose statements all meet what one of them met. */
export function storeThatIsAway(store: Store, error: unknown): Store {
  const pool = Object.create(store.pool, { query: { value: () => Promise.reject(error as Error) } }) as Store['pool']
  return { ...store, pool }
}

/**
 * Parses and validates a document as one that arrives is; null for one that is refused. It is kept by the pipeline as
 * any other, refusal and all: so the pipeline must take it for a call, since it marks only what a call is refused with.
 */
function acceptedBy(yoga: Pick<YogaServerInstance<object, object>, 'getEnveloped'>): Accept {
  return (document, operationName) => {
    const call = { request: { method: 'POST' }, params: { query: document, operationName: operationName ?? undefined } }
    const { parse, validate, schema } = yoga.getEnveloped(call as YogaInitialContext)
    try {
      const parsed = parse(document)
      return validate(schema, parsed).length === 0 ? parsed : null
    } catch {
      return null
    }
  }
}

function isName(name: unknown): name is string | null {
  return name === null || typeof name === 'string'
}
