import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import type { Clock } from '../../time/clock.ts'
import { closeCodes, closeSocket } from '../socket-close.ts'
import { framesOf, messageStart } from './frames.ts'
import type { Sink } from './sink.ts'

/** Most that waits in a socket for a reader that keeps up, in bytes; for one that does not, the log waits instead. */
const MOST_UNSENT_BYTES = 65_536
/** A reader for whom something waits so long is let go, before it is taken for dead: told why, it resumes by its cursor. */
const STALLED_MS = 10_000

/**
 * Sends the results of one subscription over its WebSocket. They are written to the connection beneath: a frame is made
 * once a flush, not once a message, and nothing is compressed that would have to keep its order in the WebSocket.
 */
export function socketSink(socket: WebSocket, connection: Duplex, id: string, clock: Clock): Sink {
  const start = messageStart(id)
  return {
    send(results) {
      if (results.length > 0 && socket.readyState === socket.OPEN) connection.write(framesOf(start, results))
    },
    isBehind: () => connection.writableLength > MOST_UNSENT_BYTES,
    caughtUp: () => drained(socket, connection, clock),
  }
}

const draining = new WeakMap<Duplex, Promise<void>>()

/** Resolves when nothing waits in a connection, or it is closed: once for all subscriptions on it. */
function drained(socket: WebSocket, connection: Duplex, clock: Clock): Promise<void> {
  const known = draining.get(connection)
  if (known !== undefined) return known
  const promise = new Promise<void>((resolve) => {
    const done = () => {
      cancel()
      connection.off('drain', done)
      connection.off('close', done)
      draining.delete(connection)
      resolve()
    }
    const cancel = clock.after(STALLED_MS, () => {
      closeSocket(socket, closeCodes.tooSlow, 'The reader is too slow', clock)
    })
    connection.once('drain', done)
    connection.once('close', done)
  })
  draining.set(connection, promise)
  return promise
}
