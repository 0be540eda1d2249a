import type { Verdict } from './judge.ts'
import type { Endpoint } from './subscriber.ts'

/** What the process of the subscribers is told. */
export type LoadOrder =
  /** Connect and subscribe them all. No event has a number below `firstSequence`. */
  | {
      readonly kind: 'connect'
      readonly endpoint: Endpoint
      readonly subscribers: number
      readonly firstSequence: number
    }
  /** The last `count` stop reading. With `replace` another takes the place of each that is cut off for it. */
  | { readonly kind: 'stall'; readonly count: number; readonly replace: boolean }
  /** All who still live read again. */
  | { readonly kind: 'read-on' }
  /** Judge everybody by the log: the numbers of its events in order. */
  | { readonly kind: 'judge'; readonly order: Int32Array }

/** What all subscribers together were given. */
export interface Verdicts extends Verdict {
  /** Stalled subscribers that the server cut off. */
  readonly cutOff: number
  readonly deliveries: number
  readonly bytesPerDelivery: number
}

/** What it answers. */
export type LoadReport =
  /** Everybody is connected and has asked for events. */
  | { readonly kind: 'connected' }
  /** Everybody has been given an event: whatever is published from now on, all must get. */
  | { readonly kind: 'live' }
  /** The last of those who read received it, at a moment of `now()`. */
  | { readonly kind: 'complete'; readonly sequence: number; readonly at: number }
  | { readonly kind: 'verdicts'; readonly verdicts: Verdicts }
  | { readonly kind: 'fault'; readonly message: string }
