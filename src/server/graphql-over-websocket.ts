import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { CloseCode, handleProtocols, type Server } from 'graphql-ws'
import { WebSocketServer } from 'ws'
import { describeError } from '../log/describe-error.ts'
import type { Log } from '../log/log.ts'
import type { Clock } from '../time/clock.ts'
import type { ClientLimits } from './api.ts'
import type { ClientAddress } from './client-address.ts'
import { startHeartbeat } from './heartbeat.ts'
import { closeSocket } from './socket-close.ts'
import { boundMessages } from './socket-rate.ts'
import type { StreamCap } from './stream-cap.ts'
import { subscriptionProtocol, type Client, type ProtocolOptions } from './subscription-protocol.ts'

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
  const { clock, limits, log } = options
  const server = new WebSocketServer({
    noServer: true,
    handleProtocols,
    // Compressing small frames costs eight times the CPU and hundreds of kilobytes a socket.
    perMessageDeflate: false,
    maxPayload: limits.messageBytes,
  })
  const protocol = subscriptionProtocol({
    ...options,
    subscriptionsPerConnection: limits.subscriptionsPerConnection,
  })
  const heartbeat = startHeartbeat(server.clients, KEEP_ALIVE_MS, clock)

  return {
    upgrade(request, connection, head) {
      const release = options.cap.take()
      if (release === null) return false
      connection.once('close', release)
      const address = options.clientAddress(request)
      server.handleUpgrade(request, connection, head, (socket) => {
        boundMessages(socket, limits.messagesPerSecond, clock)
        speak(protocol, { socket, connection, address, caller: null }, { clock, log })
      })
      return true
    },
    async stop() {
      for (const socket of server.clients) socket.close(CLOSE_GOING_AWAY, 'Going away')
      await new Promise((resolve) => {
        server.close(resolve)
      })
      heartbeat.stop()
    },
    cut() {
      for (const socket of server.clients) socket.terminate()
    },
  }
}

const CLOSE_GOING_AWAY = 1001

/** Lets one client and the protocol hear each other. */
function speak(protocol: Server<Client>, client: Client, { clock, log }: { clock: Clock; log: Log }): void {
  const { socket } = client
  // The WebSocket closes itself after an error of its own, with the code that says which.
  socket.once('error', (error) => {
    log.debug({ error: describeError(error) }, 'a WebSocket failed')
  })
  const closed = protocol.opened(
    {
      protocol: socket.protocol,
      send(text) {
        if (socket.readyState === socket.OPEN) socket.send(text)
      },
      close(code, reason) {
        socket.close(code, reason)
      },
      onMessage(take) {
        socket.on('message', (message: Buffer) => {
          take(String(message)).catch((error: unknown) => {
            log.error({ error: describeError(error) }, 'a message over WebSocket could not be carried out')
            closeSocket(socket, CloseCode.InternalServerError, 'Internal server error', clock)
          })
        })
      },
    },
    client,
  )
  socket.once('close', (code, reason) => {
    void closed(code, String(reason))
  })
}
