import type { WebSocket } from 'ws'
import type { Clock } from '../time/clock.ts'
import type { Client } from './client.ts'

/** Finds sockets that are half dead: whoever does not answer one ping before the next is cut. */
export interface Heartbeat {
  stop(): void
}

/** Pings all of `clients` every `everyMs`, by one timer however many there are. */
export function startHeartbeat(clients: ReadonlySet<Client>, everyMs: number, clock: Clock): Heartbeat {
  const unanswered = new WeakSet<WebSocket>()
  let cancel = () => {}
  const beat = () => {
    for (const { socket } of clients) {
      if (socket.readyState !== socket.OPEN) continue
      if (unanswered.has(socket)) {
        socket.terminate()
        continue
      }
      unanswered.add(socket)
      socket.once('pong', () => unanswered.delete(socket))
      socket.ping()
    }
    cancel = clock.after(everyMs, beat)
  }
  cancel = clock.after(everyMs, beat)
  return {
    stop() {
      cancel()
    },
  }
}
