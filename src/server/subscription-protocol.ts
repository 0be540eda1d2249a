import type { Duplex } from 'node:stream'
import { GraphQLError, type ExecutionArgs } from 'graphql'
import { makeServer, type Server } from 'graphql-ws'
import type { WebSocket } from 'ws'
import type { Log } from '../log/log.ts'
import { atMoment, type Clock } from '../time/clock.ts'
import type { CallerRate } from './caller-rate.ts'
import { authenticationError, formatError, tooManyRequests, unavailable } from './errors.ts'
import type { Pipeline } from './graphql-over-http.ts'
import type { Authenticate, Authentication } from './identity/authenticator.ts'
import type { FanOut } from './live/fan-out.ts'
import type { Sink } from './live/sink.ts'
import { socketSink } from './live/socket-sink.ts'
import { createErrorMask } from './mask-error.ts'
import type { PersistedSetting } from './persisted-operations.ts'
import { closeCodes, closeSocket, closeTooSlow } from './socket-close.ts'
import { prepareSubscription } from './subscribe-operation.ts'

export interface ProtocolOptions {
  readonly pipeline: Pipeline
  readonly fanOut: FanOut
  readonly authenticate: Authenticate
  readonly persisted: PersistedSetting | null
  readonly callerRate: CallerRate
  readonly subscriptionsPerConnection: number
  readonly clock: Clock
  readonly log: Log
}

/** One client's WebSocket, and what is known of it. */
export interface Client {
  readonly socket: WebSocket
  /** The connection beneath the WebSocket. */
  readonly connection: Duplex
  /** Where it comes from; null when it cannot be told. */
  readonly address: string | null
  /** Set once it has proved who it is. */
  caller: Authentication | null
}

/** The graphql-transport-ws protocol, for subscriptions only, with the same authentication and bounds as HTTP. */
export function subscriptionProtocol(options: ProtocolOptions): Server<Client> {
  const { clock, log } = options
  const maskError = createErrorMask(log)
  return makeServer<Record<string, unknown>, Client>({
    async onConnect(context) {
      const { connectionParams, extra: client } = context
      const { socket, address } = client
      forget(context)
      try {
        const known = await options.authenticate({ authorization: connectionParams?.['authorization'], address })
        client.caller = await known.current()
        endWithToken(socket, client.caller, clock)
        return true
      } catch (error) {
        refuse(socket, error, options)
        return false
      }
    },
    async onSubscribe({ subscriptions, extra: { socket, connection, caller } }, id, payload) {
      if (caller === null) throw new Error('A subscription came before its authentication.')
      const most = options.subscriptionsPerConnection
      if (Object.keys(subscriptions).length > most)
        return [unavailable(`At most ${String(most)} subscriptions run on one connection.`)]
      const waitMs = options.callerRate.take(caller.principal.actor.id)
      if (waitMs > 0) return [tooManyRequests(waitMs)]
      // Roles may have changed since the socket was opened.
      const current = await caller.current().catch((error: unknown) => authenticationError(error, log))
      if (current instanceof GraphQLError) return [current]
      const prepared = await prepareSubscription(options.pipeline, options.persisted, current, payload, maskError)
      forget(payload)
      return 'document' in prepared ? { ...prepared, sink: socketSink(socket, connection, id, clock) } : prepared
    },
    async subscribe(prepared) {
      const { sink, ...args } = prepared as ExecutionArgs & { readonly sink: Sink }
      const answer = await options.fanOut.subscribe(args)
      if ('into' in answer) {
        answer.into(sink)
        forget(prepared)
      }
      return answer as never
    },
    onPing: ({ extra }) => {
      closeTooSlow(extra.socket, clock)
    },
    onNext: ({ extra }, _id, _payload, _args, { errors, ...result }) => {
      closeTooSlow(extra.socket, clock)
      const masked = errors?.map((error) => formatError(maskError(error)))
      return { ...result, ...(masked === undefined ? {} : { errors: masked }) } as never
    },
    onError: ({ extra }, _id, _payload, errors) => {
      closeTooSlow(extra.socket, clock)
      return errors.map(formatError)
    },
  })
}

/**
 * Drops what the protocol's own memory of a client or a subscription would keep as long as it lives, and nobody reads
 * again: the token, the text of the document, the context.
 */
function forget(kept: object): void {
  for (const name of ['connectionParams', 'query', 'variables', 'document', 'contextValue', 'schema', 'sink'])
    if (name in kept) Reflect.set(kept, name, undefined)
}

/** A subscription must not outlive the token it was opened with. */
function endWithToken(socket: WebSocket, caller: Authentication, clock: Clock): void {
  const disarm = atMoment(clock, caller.until, () => {
    closeSocket(socket, closeCodes.unauthenticated, 'The access token has expired', clock)
  })
  socket.once('close', disarm)
}

function refuse(socket: WebSocket, error: unknown, { clock, log }: ProtocolOptions): void {
  const { message, extensions } = authenticationError(error, log)
  const code = extensions['code'] === 'UNAUTHENTICATED' ? closeCodes.unauthenticated : closeCodes.tryAgainLater
  closeSocket(socket, code, message, clock)
}
