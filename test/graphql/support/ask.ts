import { graphql, parse, subscribe, type ExecutionResult } from 'graphql'
import type { Viewer } from '../../../src/access/viewer.ts'
import { createSchema } from '../../../src/graphql/schema.ts'
import type { Store } from '../../../src/store/store.ts'
import type { GatewayContext } from '../../../src/graphql/context.ts'
import { contextOf } from './context.ts'

export const schema = createSchema()

/** Runs a query or a mutation as `viewer`; fails when it answers errors. */
export async function ask<Data>(store: Store, viewer: Viewer, source: string, variables: object = {}): Promise<Data> {
  const answer = await graphql({
    schema,
    source,
    contextValue: contextOf(store, viewer),
    variableValues: variables as Record<string, unknown>,
  })
  if (answer.errors !== undefined) throw new AggregateError(answer.errors, answer.errors.map(String).join('\n'))
  return plain<Data>(answer.data)
}

/** A subscription that runs. */
export interface Watching {
  /** The data of the next event; fails when it answers errors, or when there is no next one. */
  next(): Promise<any>
  /** The next answer as it is, errors included; null when there is none. */
  nextAnswer(): Promise<ExecutionResult | null>
  /** Goes, as a client does. */
  stop(): Promise<void>
}

/** Subscribes; fails when the subscription is refused. */
export async function watch(context: GatewayContext, source: string, variables: object = {}): Promise<Watching> {
  const answers = await subscribe({
    schema,
    document: parse(source),
    contextValue: context,
    variableValues: variables as Record<string, unknown>,
  })
  if (!(Symbol.asyncIterator in answers)) throw new AggregateError(answers.errors ?? [], String(answers.errors))
  const nextAnswer = async () => {
    const { value, done } = await answers.next()
    return done === true ? null : plain<ExecutionResult>(value)
  }
  return {
    nextAnswer,
    async next() {
      const answer = await nextAnswer()
      if (answer === null) throw new Error('the subscription has ended')
      if (answer.errors !== undefined) throw new AggregateError(answer.errors, JSON.stringify(answer.errors))
      return answer.data
    },
    async stop() {
      await answers.return(undefined)
    },
  }
}

/** Results have no prototype; what they are compared with has one. */
function plain<Data>(value: unknown): Data {
  return JSON.parse(JSON.stringify(value)) as Data
}
