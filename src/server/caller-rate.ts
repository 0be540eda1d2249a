import { createLru } from '../graphql/read/lru.ts'
import { takeOne, type Allowance } from '../time/rate.ts'
import type { Clock } from '../time/clock.ts'

/** Callers whose allowance is kept; one that is forgotten begins with a whole one. */
const MOST_CALLERS = 10_000
/** Seconds' worth of operations that a caller may send at once. */
const BURST_SECONDS = 2

/** Bounds the operations of each caller, over all transports and connections of this replica. */
export interface CallerRate {
  /** Takes one operation of a caller; answers in how many milliseconds it may send one when it may not now, else 0. */
  take(actorId: string): number
}

export function createCallerRate(perSecond: number, clock: Clock): CallerRate {
  const rate = { perSecond, atOnce: perSecond * BURST_SECONDS }
  const allowances = createLru<Allowance>(MOST_CALLERS)
  return {
    take(actorId) {
      const { waitMs, ...left } = takeOne(rate, allowances.get(actorId) ?? null, clock.now())
      allowances.set(actorId, left)
      return waitMs
    },
  }
}
