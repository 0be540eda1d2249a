import type { Endpoint } from './subscriber.ts'

/** A server that fans events out, in a process of its own. */
export interface FanoutServer {
  readonly pid: number
  readonly endpoint: Endpoint
  /** Makes the event of this number happen; answers when it had, a moment of `now()`. */
  publish(sequence: number): Promise<number>
  /** The numbers of all events from this one on, in the order in which they happened. */
  orderFrom(sequence: number): Promise<Int32Array>
  /** Resolves, with what it said, when the process ends before it is stopped. */
  readonly died: Promise<string>
  stop(): Promise<void>
}

/** How one is started; `name` is what figures are told under. */
export interface Contestant {
  readonly name: string
  start(): Promise<FanoutServer>
}
