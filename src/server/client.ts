import type { Duplex } from 'node:stream'
import type { WebSocket as ProtocolSocket } from 'graphql-ws'
import type { WebSocket } from 'ws'
import type { Clock } from '../time/clock.ts'
import type { Allowance } from '../time/rate.ts'
import type { Authentication } from './identity/authenticator.ts'
import { inOwnMemory } from './own-memory.ts'
import { closeCodes, closeSocket } from './socket-close.ts'

/** Most that waits in a socket for a reader that keeps up, in bytes; for one that does not, the log waits instead. */
const MOST_UNSENT_BYTES = 65_536
/** A reader for whom something waits so long is let go, before it is taken for dead: told why, it resumes by its cursor. */
const STALLED_MS = 10_000

/**
 * One client's WebSocket, as the protocol speaks to it, and what is known of the client. Thousands of them are the memory
 * of a gateway: all that is kept for a client is a field of this one object, and whatever it does is a method.
 */
export class Client implements ProtocolSocket {
  readonly socket: WebSocket
  /** Where it comes from; null when it cannot be told. */
  readonly address: string | null
  /** Set once it has proved who it is. */
  caller: Authentication | null = null
  /** What is left of the messages it may send; null before its first. */
  allowance: Allowance | null = null
  /** The connection beneath the WebSocket. */
  readonly #connection: Duplex
  readonly #clock: Clock
  #take: ((message: string) => Promise<void>) | null = null
  #drained: Promise<void> | null = null

  constructor(socket: WebSocket, connection: Duplex, address: string | null, clock: Clock) {
    this.socket = socket
    this.#connection = connection
    this.address = address
    this.#clock = clock
  }

  get protocol(): string {
    return this.socket.protocol
  }

  send(message: string): void {
    if (this.socket.readyState === this.socket.OPEN) this.socket.send(message)
  }

  close(code: number, reason: string): void {
    this.socket.close(code, reason)
  }

  /** Who takes its messages. */
  onMessage(take: (message: string) => Promise<void>): void {
    this.#take = take
  }

  /** Gives a message that it sent to who takes it; resolves when it has been carried out. */
  receive(message: string): Promise<void> {
    return this.#take?.(message) ?? Promise.resolve()
  }

  /** Writes frames past the WebSocket: they are whole, and nothing is compressed that would have to keep its order. */
  write(frames: Buffer): void {
    if (this.socket.readyState !== this.socket.OPEN) return
    // What has to wait must not keep the pool that it is a slice of: that is a hundred times as much.
    const waits = this.#connection.writableLength > 0
    this.#connection.write(waits ? inOwnMemory(frames) : frames)
  }

  /** Whether more waits than a reader who keeps up ever leaves. */
  isBehind(): boolean {
    return this.#connection.writableLength > MOST_UNSENT_BYTES
  }

  /** Resolves when nothing waits any more, or the connection is closed: once for all its subscriptions. */
  caughtUp(): Promise<void> {
    return (this.#drained ??= new Promise<void>((resolve) => {
      const connection = this.#connection
      const done = () => {
        cancel()
        connection.off('drain', done)
        connection.off('close', done)
        this.#drained = null
        resolve()
      }
      const cancel = this.#clock.after(STALLED_MS, () => {
        closeSocket(this.socket, closeCodes.tooSlow, 'The reader is too slow', this.#clock)
      })
      connection.once('drain', done)
      connection.once('close', done)
    }))
  }
}
