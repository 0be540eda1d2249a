/** How often something may happen, and how much at once. */
export interface Rate {
  readonly perSecond: number
  readonly atOnce: number
}

/** What is left of a rate: a bucket that fills again as time passes. */
export interface Allowance {
  left: number
  /** Milliseconds since the epoch. */
  at: number
}

/**
 * Takes one from `allowance` (begun when null). Answers what is left of it, and in how many milliseconds there will be
 * one when there was none to take, else 0.
 */
export function takeOne(rate: Rate, allowance: Allowance | null, now: number): Allowance & { readonly waitMs: number } {
  const passed = allowance === null ? 0 : Math.max(0, now - allowance.at)
  const left =
    allowance === null ? rate.atOnce : Math.min(rate.atOnce, allowance.left + (passed * rate.perSecond) / 1000)
  if (left >= 1) return { left: left - 1, at: now, waitMs: 0 }
  return { left, at: now, waitMs: Math.ceil(((1 - left) * 1000) / rate.perSecond) }
}
