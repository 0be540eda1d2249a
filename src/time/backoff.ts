/** How long to wait before attempt after attempt. */
export interface Backoff {
  readonly firstMs: number
  readonly mostMs: number
}

/**
 * The wait before the next attempt, in milliseconds: doubling from `firstMs`, never above `mostMs`, spread over
 * its upper half so that many waiters do not return together. `random` is in [0, 1).
 */
export function backoffMs(backoff: Backoff, failures: number, random: number): number {
  const full = Math.min(backoff.mostMs, backoff.firstMs * 2 ** Math.min(Math.max(0, failures - 1), 30))
  return Math.round(full / 2 + (full / 2) * random)
}
