import type { WebSocket } from 'ws'
import type { Clock } from '../time/clock.ts'

/** Why the gateway closes a WebSocket, beside the protocol's own codes. */
export const closeCodes = {
  /** No acceptable token, or it has ended: connect anew with another. */
  unauthenticated: 4401,
  /** The reader does not keep up: connect anew and resume by cursor. */
  tooSlow: 4413,
  /** More messages a second than a client may send: connect anew, and send fewer. */
  tooManyRequests: 4429,
  /** Callers cannot be authenticated now: try again later, as this code says to every client. */
  tryAgainLater: 1013,
} as const

/** Most that is held back for a reader that does not keep up, in bytes. */
const MAX_UNSENT_BYTES = 1_024 * 1_024
/** A reader that does not read will not read the close frame either: this much later the socket is cut. */
const CLOSE_WITHIN_MS = 2_000
/** A close frame holds no more, in bytes. */
const MAX_REASON_BYTES = 123

/** Closes a socket, and makes sure that it closes. */
export function closeSocket(socket: WebSocket, code: number, reason: string, clock: Clock): void {
  if (socket.readyState !== socket.OPEN) return
  socket.once(
    'close',
    clock.after(CLOSE_WITHIN_MS, () => {
      socket.terminate()
    }),
  )
  socket.close(code, Buffer.from(reason).subarray(0, MAX_REASON_BYTES))
}

/** Closes the socket of a reader for whom too much is unsent: one who stopped must not fill the memory of all. */
export function closeTooSlow(socket: WebSocket, clock: Clock): void {
  if (socket.bufferedAmount > MAX_UNSENT_BYTES) closeSocket(socket, closeCodes.tooSlow, 'The reader is too slow', clock)
}
