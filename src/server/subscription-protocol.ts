import type { ExecutionArgs } from 'graphql'
import { makeServer, type Server } from 'graphql-ws'
import type { WebSocket } from 'ws'
import type { Log } from '../log/log.ts'
import { createCalendar } from '../time/calendar.ts'
import type { Clock } from '../time/clock.ts'
import type { CallerRate } from './caller-rate.ts'
import type { Client } from './client.ts'
import { authenticationError, formatError, tooManyRequests, unavailable } from './errors.ts'
import type { Pipeline } from './graphql-over-http.ts'
import type { Authenticate } from './identity/authenticator.ts'
import type { FanOut } from './live/fan-out.ts'
import { SocketStream } from './live/socket-stream.ts'
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

/** A subscription that may run, and where its results go. */
type Prepared = ExecutionArgs & { readonly stream: SocketStream }

/** The graphql-transport-ws protocol, for subscriptions only, with the same authentication and bounds as HTTP. */
export function subscriptionProtocol(options: ProtocolOptions): Server<Client> {
  const { clock, log } = options
  const maskError = createErrorMask(log)
  /** A subscription must not outlive the token it was opened with. */
  const tokens = createCalendar<Client>(clock, ({ socket }) => {
    closeSocket(socket, closeCodes.unauthenticated, 'The access token has expired', clock)
  })
  return makeServer<Record<string, unknown>, Client>({
    async onConnect(context) {
      const { connectionParams, extra: client } = context
      const { socket, address } = client
      forget(context)
      try {
        const caller = await options.authenticate({ authorization: connectionParams?.['authorization'], address })
        // Nobody is let in whose roles cannot be read now; those that a subscription is judged by are read with it.
        await caller.current()
        if (socket.readyState !== socket.OPEN) return false
        client.caller = caller
        tokens.add(caller.until, client)
        return true
      } catch (error) {
        refuse(socket, error, options)
        return false
      }
    },
    onClose({ extra: client }) {
      if (client.caller !== null) tokens.delete(client.caller.until, client)
    },
    async onSubscribe({ subscriptions, extra: client }, id, payload) {
      const { caller } = client
      if (caller === null) throw new Error('A subscription came before its authentication.')
      const most = options.subscriptionsPerConnection
      if (Object.keys(subscriptions).length > most)
        return [unavailable(`At most ${String(most)} subscriptions run on one connection.`)]
      const waitMs = options.callerRate.take(caller.principal.actor.id)
      if (waitMs > 0) return [tooManyRequests(waitMs)]
      const prepared = await prepareSubscription(options.pipeline, options.persisted, caller, payload, maskError)
      forget(payload)
      return 'document' in prepared ? { ...prepared, stream: new SocketStream(client, id) } : prepared
    },
    async subscribe(prepared) {
      const { stream, ...args } = prepared as Prepared
      const answer = await options.fanOut.subscribe(args, stream)
      if (answer === stream) forget(prepared)
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
  for (const name of ['connectionParams', 'query', 'variables', 'document', 'contextValue', 'schema'])
    if (name in kept) Reflect.set(kept, name, undefined)
}

function refuse(socket: WebSocket, error: unknown, { clock, log }: ProtocolOptions): void {
  const { message, extensions } = authenticationError(error, log)
  const code = extensions['code'] === 'UNAUTHENTICATED' ? closeCodes.unauthenticated : closeCodes.tryAgainLater
  closeSocket(socket, code, message, clock)
}
