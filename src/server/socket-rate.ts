import type { Clock } from '../time/clock.ts'
import { takeOne } from '../time/rate.ts'
import type { Client } from './client.ts'
import { closeCodes, closeSocket } from './socket-close.ts'

/** Seconds' worth of messages that a client may send at once: it may subscribe to much when it connects anew. */
const BURST_SECONDS = 10

/**
 * Takes one of the messages that a client may send, whatever it says: reading them costs everybody. False when it sends
 * more than `perSecond`, and is closed for it, or has been closed: what else it sent is not looked at.
 */
export function createSocketRate(perSecond: number, clock: Clock): (client: Client) => boolean {
  const rate = { perSecond, atOnce: perSecond * BURST_SECONDS }
  return (client) => {
    if (client.socket.readyState !== client.socket.OPEN) return false
    const { waitMs, left, at } = takeOne(rate, client.allowance, clock.now())
    client.allowance = { left, at }
    if (waitMs === 0) return true
    closeSocket(client.socket, closeCodes.tooManyRequests, 'Too many messages', clock)
    return false
  }
}
