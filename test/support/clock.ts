import type { Clock } from '../../src/time/clock.ts'

/** A clock that stands still until a test moves it. */
export interface HandClock extends Clock {
  /**
   * Moves on by `ms`, running each timer at its own moment, in order, and letting what it started go as far as it gets
   * without waiting for anything outside the process.
   */
  advance(ms: number): Promise<void>
  /** How many timers wait. */
  readonly waiting: number
}

/** A hand-driven clock, beginning at `startMs` since the epoch. */
export function handClock(startMs = Date.parse('2026-01-05T08:00:00Z')): HandClock {
  let nowMs = startMs
  const timers = new Set<{ readonly dueMs: number; readonly run: () => void }>()
  /** The earliest due by `untilMs`; of several at one moment, the one set first. */
  const nextDue = (untilMs: number) => {
    let next: { readonly dueMs: number; readonly run: () => void } | undefined
    for (const timer of timers)
      if (timer.dueMs <= untilMs && (next === undefined || timer.dueMs < next.dueMs)) next = timer
    return next
  }
  return {
    now: () => nowMs,
    get waiting() {
      return timers.size
    },
    after(delayMs, run) {
      const timer = { dueMs: nowMs + Math.max(0, delayMs), run }
      timers.add(timer)
      return () => {
        timers.delete(timer)
      }
    },
    async advance(ms) {
      const untilMs = nowMs + ms
      await settle()
      for (let timer = nextDue(untilMs); timer !== undefined; timer = nextDue(untilMs)) {
        timers.delete(timer)
        nowMs = timer.dueMs
        timer.run()
        await settle()
      }
      nowMs = untilMs
    },
  }
}

/** Lets every promise that needs nothing from outside go on as far as it gets. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
}
