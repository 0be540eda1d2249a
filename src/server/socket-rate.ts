import type { WebSocket } from 'ws'
import type { Clock } from '../time/clock.ts'
import { takeOne, type Allowance } from '../time/rate.ts'
import { closeCodes, closeSocket } from './socket-close.ts'

/** Seconds' worth of messages that a client may send at once: it may subscribe to much when it connects anew. */
const BURST_SECONDS = 10

/** Closes a socket that sends more messages than `perSecond`, whatever they say: reading them costs everybody. */
export function boundMessages(socket: WebSocket, perSecond: number, clock: Clock): void {
  const rate = { perSecond, atOnce: perSecond * BURST_SECONDS }
  let allowance: Allowance | null = null
  socket.on('message', () => {
    const { waitMs, ...left } = takeOne(rate, allowance, clock.now())
    allowance = left
    if (waitMs === 0 || socket.readyState !== socket.OPEN) return
    // What else it sent is not looked at.
    socket.removeAllListeners('message')
    closeSocket(socket, closeCodes.tooManyRequests, 'Too many messages', clock)
  })
}
