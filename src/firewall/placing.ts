import { covers, touches, type ReadRule } from './match.ts'
import { bands } from './number.ts'
import type { Opening } from './opening.ts'
import type { Placing } from './place-allows.ts'

/**
 * Ahead of what an opening must stand: every deny of ours that may stop some of its packets, and better every foreign
 * one too. `present` is the number its rule has now; null when it has none.
 */
export function placingOf(
  { name, flow }: Opening,
  denies: readonly ReadRule[],
  foreign: readonly ReadRule[],
  present: number | null,
): Placing {
  const own = denies.find((deny) => touches(deny, flow))?.rule.priority
  const limit = Math.min(own ?? Infinity, bands.allow.last + 1)
  // A foreign allow that lets everything through makes the denies behind it harmless.
  const first = foreign.find((read) => (read.rule.access === 'DENY' ? touches(read, flow) : covers(read, flow)))
  const wish = first?.rule.access === 'DENY' ? Math.min(limit, first.rule.priority) : limit
  return { name, limit, wish, present }
}
