import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { CloseCode, handleProtocols } from 'graphql-ws'
import { WebSocketServer } from 'ws'
import { describeError } from '../log/describe-error.ts'
import type { ClientLimits } from './api.ts'
import { Client } from './client.ts'
import type { ClientAddress } from './client-address.ts'
import { startHeartbeat } from './heartbeat.ts'
import { closeSocket } from './socket-close.ts'
import { createSocketRate } from './socket-rate.ts'
import type { StreamCap } from './stream-cap.ts'
import { subscriptionProtocol, type ProtocolOptions } from './subscription-protocol.ts'

/** How often each client is pinged, and how long it may take to answer. */
const KEEP_ALIVE_MS = 12_000

export interface WebSocketOptions extends Omit<ProtocolOptions, 'subscriptionsPerConnection'> {
  readonly clientAddress: ClientAddress
  readonly cap: StreamCap
  readonly limits: ClientLimits
}

export interface WebSocketEndpoint {
  /** Takes an upgrade request; false when no more clients may connect, and the socket is still the caller's. */
  upgrade(request: IncomingMessage, connection: Duplex, head: Buffer): boolean
  /** Closes every socket with 1001, so that clients connect anew elsewhere; resolves when all are closed. */
  stop(): Promise<void>
  /** Drops the sockets that did not close. */
  cut(): void
}

/** Takes WebSockets of the graphql-transport-ws protocol. */
export function serveWebSocket(options: WebSocketOptions): WebSocketEndpoint {
  const { cap, clock, limits, log } = options
  const server = new WebSocketServer({
    noServer: true,
    handleProtocols,
    // Compressing small frames costs eight times the CPU and hundreds of kilobytes a socket.
    perMessageDeflate: false,
    maxPayload: limits.messageBytes,
    // They are known as `clients` below.
    clientTracking: false,
  })
  const clients = new Set<Client>()
  const protocol = subscriptionProtocol({
    ...options,
    subscriptionsPerConnection: limits.subscriptionsPerConnection,
  })
  const mayGoOn = createSocketRate(limits.messagesPerSecond, clock)
  const heartbeat = startHeartbeat(clients, KEEP_ALIVE_MS, clock)
  let allGone = () => {}

  /** The WebSocket closes itself after an error of its own, with the code that says which. */
  const failed = (error: Error) => {
    log.debug({ error: describeError(error) }, 'a WebSocket failed')
  }

  /** Lets one client and the protocol hear each other. */
  const speak = (client: Client) => {
    const { socket } = client
    const closed = protocol.opened(client, client)
    clients.add(client)
    socket.on('error', failed)
    socket.on('message', (message: Buffer) => {
      if (!mayGoOn(client)) return
      client.receive(String(message)).catch((error: unknown) => {
        log.error({ error: describeError(error) }, 'a message over WebSocket could not be carried out')
        closeSocket(socket, CloseCode.InternalServerError, 'Internal server error', clock)
      })
    })
    socket.on('close', (code, reason) => {
      clients.delete(client)
      cap.give()
      void closed(code, String(reason))
      if (clients.size === 0) allGone()
    })
  }

  return {
    upgrade(request, connection, head) {
      if (!cap.take()) return false
      let upgraded = false
      server.handleUpgrade(request, connection, head, (socket) => {
        upgraded = true
        speak(new Client(socket, connection, options.clientAddress(request), clock))
      })
      // It was refused, and told so.
      if (!upgraded) cap.give()
      return true
    },
    async stop() {
      for (const { socket } of clients) socket.close(CLOSE_GOING_AWAY, 'Going away')
      if (clients.size > 0) await new Promise<void>((resolve) => (allGone = resolve))
      heartbeat.stop()
    },
    cut() {
      for (const { socket } of clients) socket.terminate()
    },
  }
}

const CLOSE_GOING_AWAY = 1001
