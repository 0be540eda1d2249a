import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'

import { GraphQLError, type ExecutionArgs } from 'graphql'
import { useServer } from 'graphql-ws/use/ws'
import { WebSocketServer, type WebSocket } from 'ws'
import type { Log } from '../log/log.ts'
import { atMoment, type Clock } from '../time/clock.ts'
import type { ClientAddress } from './client-address.ts'
import { authenticationError, formatError, unavailable } from './errors.ts'
import type { Pipeline } from './graphql-over-http.ts'
import type { FanOut } from './live/fan-out.ts'
import type { Sink } from './live/sink.ts'
import { socketSink } from './live/socket-sink.ts'
import type { Authenticate, Authentication } from './identity/authenticator.ts'
import { createErrorMask } from './mask-error.ts'
import type { PersistedSetting } from './persisted-operations.ts'
import { closeCodes, closeSocket, closeTooSlow } from './socket-close.ts'
import type { StreamCap } from './stream-cap.ts'
import { prepareSubscription } from './subscribe-operation.ts'

/** Largest message a client may send, in bytes. */
const MAX_MESSAGE_BYTES = 256 * 1_024
const KEEP_ALIVE_MS = 12_000

export interface WebSocketOptions {
  readonly pipeline: Pipeline
  readonly fanOut: FanOut
  readonly authenticate: Authenticate
  readonly clientAddress: ClientAddress
  readonly persisted: PersistedSetting | null
  readonly cap: StreamCap
  readonly subscriptionsPerConnection: number
  readonly clock: Clock
  readonly log: Log
}

export interface WebSocketEndpoint {
  /** Takes an upgrade request; false when no more clients may connect, and the socket is still the caller's. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean
  /** Closes every socket with 1001, so that clients connect anew elsewhere; resolves when all are closed. */
  stop(): Promise<void>
  /** Drops the sockets that did not close. */
  cut(): void
}

/** graphql-transport-ws, for subscriptions only, with the same authentication and bounds as HTTP. */
export function serveWebSocket(options: WebSocketOptions): WebSocketEndpoint {
  const { clock, log } = options
  // Compressing small frames costs eight times the CPU and hundreds of kilobytes a socket.
  const server = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: MAX_MESSAGE_BYTES })
  const callers = new WeakMap<WebSocket, Authentication>()
  const connections = new WeakMap<WebSocket, Duplex>()
  const sinkOf = (socket: WebSocket, id: string) => socketSink(socket, connections.get(socket) as Duplex, id, clock)
  const maskError = createErrorMask(log)

  const ending = useServer<Record<string, unknown>>(
    {
      async onConnect({ connectionParams, extra: { socket, request } }) {
        try {
          const credentials = {
            authorization: connectionParams?.['authorization'],
            address: options.clientAddress(request),
          }
          const caller = await options.authenticate(credentials)
          callers.set(socket, caller)
          endWithToken(socket, caller, clock)
          return true
        } catch (error) {
          refuse(socket, error, options)
          return false
        }
      },
      async onSubscribe({ subscriptions, extra: { socket } }, id, payload) {
        const caller = callers.get(socket)
        if (caller === undefined) throw new Error('A subscription came before its authentication.')
        if (Object.keys(subscriptions).length > options.subscriptionsPerConnection)
          return [
            unavailable(`At most ${String(options.subscriptionsPerConnection)} subscriptions run on one connection.`),
          ]
        // Roles may have changed since the socket was opened.
        const viewer = await caller.reload().catch((error: unknown) => authenticationError(error, log))
        if (viewer instanceof GraphQLError) return [viewer]
        const prepared = await prepareSubscription(
          options.pipeline,
          options.persisted,
          { ...caller, viewer },
          payload,
          maskError,
        )
        return 'document' in prepared ? { ...prepared, sink: sinkOf(socket, id) } : prepared
      },
      async subscribe(prepared) {
        const { sink, ...args } = prepared as ExecutionArgs & { readonly sink: Sink }
        const answer = await options.fanOut.subscribe(args)
        if ('into' in answer) answer.into(sink)
        return answer as never
      },
      onPing: ({ extra }) => {
        closeTooSlow(extra.socket, clock)
      },
      onNext: ({ extra }, _id, _payload, _args, result) => {
        closeTooSlow(extra.socket, clock)
        return {
          ...result,
          ...(result.errors === undefined
            ? {}
            : { errors: result.errors.map((error) => formatError(maskError(error))) }),
        } as never
      },
      onError: ({ extra }, _id, _payload, errors) => {
        closeTooSlow(extra.socket, clock)
        return errors.map(formatError)
      },
      isProd: true,
    },
    server,
    KEEP_ALIVE_MS,
  )

  return {
    upgrade(request, socket, head) {
      const release = options.cap.take()
      if (release === null) return false
      socket.once('close', release)
      server.handleUpgrade(request, socket, head, (client) => {
        connections.set(client, socket)
        server.emit('connection', client, request)
      })
      return true
    },
    async stop() {
      await ending.dispose()
    },
    cut() {
      for (const client of server.clients) client.terminate()
    },
  }
}

/** A subscription must not outlive the token it was opened with. */
function endWithToken(socket: WebSocket, caller: Authentication, clock: Clock): void {
  const disarm = atMoment(clock, caller.until, () => {
    closeSocket(socket, closeCodes.unauthenticated, 'The access token has expired', clock)
  })
  socket.once('close', disarm)
}

function refuse(socket: WebSocket, error: unknown, { clock, log }: WebSocketOptions): void {
  const { message, extensions } = authenticationError(error, log)
  const code = extensions['code'] === 'UNAUTHENTICATED' ? closeCodes.unauthenticated : closeCodes.tryAgainLater
  closeSocket(socket, code, message, clock)
}
