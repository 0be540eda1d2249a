import { createLru } from '../graphql/read/lru.ts'
import { takeOne, type Allowance } from '../time/rate.ts'
import { pause, type Clock } from '../time/clock.ts'

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

/** Waits until a caller may send one more operation and takes it; false when `signal` is aborted before. */
export async function takeInTurn(
  rate: CallerRate,
  actorId: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<boolean> {
  // Once it is aborted no wait is one any more: to go on asking would hold up the whole process.
  while (!signal.aborted) {
    const waitMs = rate.take(actorId)
    if (waitMs === 0) return true
    await pause(clock, waitMs, signal)
  }
  return false
}
