import { GraphQLError, GraphQLInt, GraphQLNonNull, GraphQLObjectType, GraphQLSchema, GraphQLString } from 'graphql'
import type { GatewayContext } from '../../../src/graphql/context.ts'

const text = { type: GraphQLString }

/** What fields of the test schema wait for or tell. */
export interface Stage {
  /** `slow` answers when this resolves. */
  release: Promise<void>
  /** How often a subscription's source was let go. */
  ended: number
  /** Resolves when `slow` has been asked. */
  asked: PromiseWithResolvers<void>
}

/** A small schema that behaves in each way a resolver can. */
export function createStagedSchema(): { schema: GraphQLSchema; stage: Stage } {
  const stage: Stage = { release: Promise.resolve(), ended: 0, asked: Promise.withResolvers<void>() }
  const node: GraphQLObjectType = new GraphQLObjectType({
    name: 'Node',
    fields: () => ({ name: { ...text, resolve: () => 'n' }, child: { type: node, resolve: () => ({}) } }),
  })
  const query = new GraphQLObjectType<unknown, GatewayContext>({
    name: 'Query',
    fields: {
      hello: { ...text, resolve: () => 'hello' },
      viewer: {
        ...text,
        resolve: (_source, _args, { viewer }) => `${viewer.actor.id} from ${viewer.address ?? 'nowhere'}`,
      },
      node: { type: node, resolve: () => ({}) },
      fails: { ...text, resolve: () => Promise.reject(failedQuery()) },
      away: { ...text, resolve: () => Promise.reject(Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })) },
      refuses: {
        ...text,
        resolve: () => Promise.reject(new GraphQLError('Not that.', { extensions: { code: 'OWN' } })),
      },
      slow: {
        ...text,
        async resolve() {
          stage.asked.resolve()
          await stage.release
          return 'at last'
        },
      },
    },
  })
  const mutation = new GraphQLObjectType({ name: 'Mutation', fields: { touch: { ...text, resolve: () => 'touched' } } })
  const subscription = new GraphQLObjectType({
    name: 'Subscription',
    fields: {
      /** `count` texts of `size` characters, then nothing more, for ever. */
      texts: {
        ...text,
        args: { count: { type: new GraphQLNonNull(GraphQLInt) }, size: { type: new GraphQLNonNull(GraphQLInt) } },
        resolve: (value: unknown) => value,
        subscribe: (_source, { count, size }: { count: number; size: number }) => someTexts(count, size, stage),
      },
      breaks: { ...text, resolve: () => Promise.reject(failedQuery()), subscribe: () => someTexts(1, 1, stage) },
    },
  })
  return { schema: new GraphQLSchema({ query, mutation, subscription }), stage }
}

/** An error as drizzle makes it: its message holds the statement's parameters. */
export function failedQuery(): Error {
  const cause = Object.assign(new Error('invalid input syntax for type uuid: "hunter2"'), { code: '22P02' })
  const message = 'Failed query: select * from grants where id = $1\nparams: hunter2'
  return Object.assign(new Error(message, { cause }), {
    query: 'select * from grants where id = $1',
    params: ['hunter2'],
  })
}

function someTexts(count: number, size: number, stage: Stage): AsyncIterableIterator<string> {
  let sent = 0
  let ended = false
  const done = { done: true, value: undefined } as const
  const gone = Promise.withResolvers<typeof done>()
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    next: () => (sent++ < count ? Promise.resolve({ done: false, value: 'x'.repeat(size) }) : gone.promise),
    return() {
      if (!ended) stage.ended += 1
      ended = true
      gone.resolve(done)
      return Promise.resolve(done)
    },
  }
}
