/**
 * How a process waits and reads the time of day. Tests pass a hand-driven one. It paces work only:
 * whether a grant has expired is decided by the database's clock, never by this one.
 */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Runs `run` once after `delayMs`; the answer cancels it. */
  after(delayMs: number, run: () => void): () => void
}

/** Longest delay a platform timer keeps; a longer one would fire at once. */
const LONGEST_DELAY_MS = 2 ** 31 - 1

/** The machine's own clock. Its timers do not keep a process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, Math.min(Math.max(0, Math.ceil(delayMs)), LONGEST_DELAY_MS))
    timer.unref()
    return () => {
      clearTimeout(timer)
    }
  },
}

/** Resolves after `delayMs` by `clock`, or at once when `signal` is aborted. */
export function pause(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) {
      resolve()
      return
    }
    const done = () => {
      cancel()
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const cancel = clock.after(delayMs, done)
    signal?.addEventListener('abort', done, { once: true })
  })
}

/** Runs once at a moment of `clock`, in milliseconds since the epoch, however far off; the answer cancels it. */
export function atMoment(clock: Clock, moment: number, run: () => void): () => void {
  let cancel = () => {}
  const arm = () => {
    // A timer may fire early: a platform keeps no delay longer than some weeks.
    cancel = clock.after(moment - clock.now(), () => {
      if (clock.now() >= moment) run()
      else arm()
    })
  }
  arm()
  return () => {
    cancel()
  }
}
