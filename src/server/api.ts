import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { GraphQLSchema } from 'graphql'
import type { Feed } from '../activity/activity.ts'
import type { Log } from '../log/log.ts'
import type { Store } from '../store/store.ts'
import type { Clock } from '../time/clock.ts'
import { createAdmit } from './admit.ts'
import { createCallerRate } from './caller-rate.ts'
import { clientAddress } from './client-address.ts'
import type { ExplorerOptions } from './explorer.ts'
import { ANSWER_WITHIN_MS, createPipeline, GRAPHQL_PATH } from './graphql-over-http.ts'
import { serveWebSocket } from './graphql-over-websocket.ts'
import type { OperationLimits } from './guards.ts'
import { createDownloads } from './downloads/downloads.ts'
import { createFanOut } from './live/fan-out.ts'
import type { Authenticate } from './identity/authenticator.ts'
import { pathOf } from './path-of.ts'
import type { PersistedSetting } from './persisted-operations.ts'
import { createErrorMask } from './mask-error.ts'
import { createPlannedAnswers } from './planned-answers.ts'
import { createQuickWay } from './quick-way.ts'
import { createStreamCap } from './stream-cap.ts'

/** What the GraphQL API is served from, and within which bounds. */
export interface ApiOptions {
  readonly schema: GraphQLSchema
  readonly store: Store
  readonly feed: Feed
  readonly authenticate: Authenticate
  readonly limits: OperationLimits
  readonly persisted: PersistedSetting | null
  /** Addresses and CIDRs whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[]
  readonly corsOrigins: readonly string[]
  /** Null: no GraphiQL. */
  readonly explorer: ExplorerOptions | null
  readonly clientLimits: ClientLimits
  readonly log: Log
}

/** How much clients may ask of this replica. */
export interface ClientLimits {
  /** Most WebSockets and event streams held open together. */
  readonly connections: number
  /** Most subscriptions that run on one WebSocket. */
  readonly subscriptionsPerConnection: number
  /** Most operations a second of one caller, over all its connections; for a moment twice as many. */
  readonly operationsPerSecond: number
  /** Most messages a second on one WebSocket; ten times as many at once. */
  readonly messagesPerSecond: number
  /** Largest message on a WebSocket, in bytes. */
  readonly messageBytes: number
}

/** The API on one path, over HTTP, server-sent events and WebSocket; downloads on paths beside it. */
export interface Api {
  /** Where GraphQL is, and the only one to be upgraded. */
  readonly path: string
  serves(path: string): boolean
  answer(request: IncomingMessage, response: ServerResponse): Promise<void>
  /** Takes an upgrade request; false when there is no room. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean
  /** Sends subscribers away; resolves when they are gone. */
  stop(): Promise<void>
  /** Drops those who did not go. */
  cut(): void
}

export function openApi(options: ApiOptions, clock: Clock): Api {
  const { store, feed, log, authenticate, persisted } = options
  const cap = createStreamCap(options.clientLimits.connections)
  const fanOut = createFanOut({ feed, clock, log, maskError: createErrorMask(log) })
  const streams = { cap, open: new Set<ServerResponse>() }
  const callerRate = createCallerRate(options.clientLimits.operationsPerSecond, clock)
  const addressOf = clientAddress(options.trustedProxies)
  const admit = createAdmit({ authenticate, callerRate, clientAddress: addressOf, log })
  const pipeline = createPipeline({
    ...options,
    admit,
    streams,
    fanOut,
    clock,
    contextFor: ({ principal, viewer, until, current }) => ({
      principal,
      viewer,
      store,
      clock,
      log,
      authenticatedUntil: until,
      reloadViewer: async () => (await current()).viewer,
    }),
  })
  const answers = createPlannedAnswers(options, pipeline)
  const quickly = createQuickWay({ ...options, admit, answers, clock, withinMs: ANSWER_WITHIN_MS })
  const downloads = createDownloads({ ...options, admit, callerRate, cap, clock })
  const sockets = serveWebSocket({
    pipeline,
    fanOut,
    authenticate,
    callerRate,
    clientAddress: addressOf,
    persisted,
    cap,
    limits: options.clientLimits,
    clock,
    log,
  })
  return {
    path: GRAPHQL_PATH,
    serves: (path) => path === GRAPHQL_PATH || downloads.serves(path),
    async answer(request, response) {
      // GraphiQL may hold a token: no page may frame it, and nothing may keep it.
      response.setHeader('content-security-policy', "frame-ancestors 'none'")
      response.setHeader('cache-control', 'no-store')
      if (downloads.serves(pathOf(request))) return downloads.answer(request, response)
      const left = await quickly(request, response)
      if (left !== null) await pipeline(request, response, left)
    },
    upgrade: (request, socket, head) => sockets.upgrade(request, socket, head),
    async stop() {
      for (const stream of streams.open) stream.destroy()
      downloads.stop()
      await sockets.stop()
    },
    cut() {
      sockets.cut()
    },
  }
}
