import type { IncomingMessage, ServerResponse } from 'node:http'
import { useCSRFPrevention } from '@graphql-yoga/plugin-csrf-prevention'
import { usePersistedOperations } from '@graphql-yoga/plugin-persisted-operations'
import type { GraphQLError, GraphQLSchema } from 'graphql'
import { createYoga, type Plugin, type YogaServerInstance } from 'graphql-yoga'
import type { GatewayContext } from '../graphql/context.ts'
import type { Log } from '../log/log.ts'
import type { Store } from '../store/store.ts'
import type { Clock } from '../time/clock.ts'
import type { Admit } from './admit.ts'
import { authenticationError } from './errors.ts'
import { explorerPage, type ExplorerOptions } from './explorer.ts'
import { useEventStreams, type EventStreams } from './event-streams.ts'
import { tooLate, useDeadline, useLimits, type OperationLimits } from './guards.ts'
import type { FanOut } from './live/fan-out.ts'
import type { Authentication } from './identity/authenticator.ts'
import { createErrorMask } from './mask-error.ts'
import { storeThatIsAway } from './planned-answers.ts'
import { persistedHash, type PersistedSetting } from './persisted-operations.ts'

export const GRAPHQL_PATH = '/graphql'
/** Largest body, in bytes: ten thousand targets fit, so that the verb itself can say that these are too many. */
const MAX_BODY_BYTES = 4 * 1_024 * 1_024
/** How long a query or a mutation may take. */
export const ANSWER_WITHIN_MS = 30_000

/** What reaches the pipeline with an operation, whichever transport brought it. */
export interface Arrival {
  authentication?: Authentication
  /** What the call is refused with, where its caller is not admitted. */
  refused?: GraphQLError
  /** That the database is away, where an operation met it already: what is left of it does not wait for that again. */
  away?: unknown
  /** That it took too long already. */
  late?: boolean
}

/** What HTTP adds to it. */
export interface HttpArrival extends Arrival {
  readonly req: IncomingMessage
  readonly res: ServerResponse
}

export interface PipelineOptions {
  readonly schema: GraphQLSchema
  readonly contextFor: (authentication: Authentication) => GatewayContext
  readonly admit: Admit
  readonly limits: OperationLimits
  readonly persisted: PersistedSetting | null
  readonly corsOrigins: readonly string[]
  /** Null: no GraphiQL. */
  readonly explorer: ExplorerOptions | null
  readonly streams: EventStreams
  readonly fanOut: FanOut
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
}

/** The way of an operation from document to result; HTTP comes with it, the WebSocket borrows its parts. */
export type Pipeline = YogaServerInstance<Arrival, GatewayContext>

export function createPipeline(options: PipelineOptions): Pipeline {
  const { explorer, persisted } = options
  const maskError = createErrorMask(options.log)
  return createYoga<Arrival, GatewayContext>({
    schema: options.schema,
    graphqlEndpoint: GRAPHQL_PATH,
    context: async ({ authentication, away }) => {
      if (authentication === undefined) throw new Error('An operation reached execution without authentication.')
      if (away === undefined) return options.contextFor(await current(authentication, options.log))
      const context = options.contextFor(authentication)
      return { ...context, store: storeThatIsAway(context.store, away) }
    },
    plugins: [
      useCSRFPrevention({ requestHeaders: ['x-graphql-yoga-csrf', 'apollo-require-preflight'] }),
      useAdmission(options.admit),
      ...(persisted === null
        ? []
        : [
            usePersistedOperations({
              allowArbitraryOperations: !persisted.only,
              extractPersistedOperationId: (params) => persistedHash(params.extensions),
              getPersistedOperation: (hash) => persisted.operations.get(hash) ?? null,
            }),
          ]),
      useLimits(options.limits),
      useDeadline(options.clock, ANSWER_WITHIN_MS),
      useLate(),
      useEventStreams(options.streams, options.clock),
      useFanOut(options.fanOut),
    ],
    graphiql: explorer === null ? false : () => explorerPage(explorer),
    landingPage: false,
    cors: options.corsOrigins.length === 0 ? false : { origin: [...options.corsOrigins], credentials: false },
    batching: false,
    multipart: false,
    maxRequestBodySize: MAX_BODY_BYTES,
    maskedErrors: { maskError },
    // The mask writes the log: yoga would write the error itself, statement parameters and all.
    logging: { debug() {}, info() {}, warn() {}, error() {} },
  })
}

/** The caller with the roles held now. Fails with the error to answer. */
function current(authentication: Authentication, log: Log): Promise<Authentication> {
  return authentication.current().catch((error: unknown) => {
    throw authenticationError(error, log)
  })
}

/** Subscriptions over server-sent events are served with those over WebSocket. */
function useFanOut(fanOut: FanOut): Plugin {
  return {
    onSubscribe({ setSubscribeFn }) {
      setSubscribeFn((args) => fanOut.subscribe(args) as never)
    },
  }
}

/** Nothing is parsed or validated for a caller who did not prove who it is, or who sends too much. */
function useAdmission(admit: Admit): Plugin<object, HttpArrival> {
  return {
    async onRequestParse({ serverContext }) {
      if (serverContext.authentication === undefined && serverContext.refused === undefined)
        Object.assign(serverContext, await admit(serverContext.req))
      if (serverContext.refused !== undefined) throw serverContext.refused
    },
  }
}

/** What took too long ahead of the pipeline is not tried again. */
function useLate(): Plugin<object, Arrival> {
  return {
    onParams({ context, setParamsHandler }) {
      if ((context as Arrival).late === true) setParamsHandler(() => tooLate())
    },
  }
}
