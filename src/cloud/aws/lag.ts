import type { Clock } from '../../time/clock.ts'
import { admissionOf } from '../../firewall/security-group/group-rule.ts'
import { interfacePath } from './place.ts'
import type { SeenInterface } from './seen.ts'
import type { RuleSpec } from './write-rules.ts'

/** What a write of ours made of an interface. */
export interface Wrote {
  readonly added: readonly RuleSpec[]
  readonly removedIds: readonly string[]
  /** Whether our group was put on. */
  readonly wears: boolean
}

/** How long EC2's readings are known to lag behind at most, in milliseconds. After that somebody else undid it. */
const FORGET_MS = 30_000

/**
 * Remembers what was written lately, so that a reading that does not show it yet is not taken for one of somebody
 * else's doing. It saves passes that would find nothing; no proof rests on it, since other processes know nothing of it.
 */
export function createLag(clock: Clock): {
  wrote(seen: SeenInterface, wrote: Wrote): void
  /** Whether a reading does not show what was written lately. */
  lags(seen: SeenInterface): boolean
} {
  const written = new Map<string, Wrote & { readonly atMs: number }>()
  return {
    wrote(seen, wrote) {
      written.set(interfacePath(seen.place), { ...wrote, atMs: clock.now() })
    },
    lags(seen) {
      const key = interfacePath(seen.place)
      const wrote = written.get(key)
      if (wrote === undefined) return false
      const isLate = clock.now() - wrote.atMs < FORGET_MS && !shows(seen, wrote)
      if (!isLate) written.delete(key)
      return isLate
    },
  }
}

function shows(seen: SeenInterface, { added, removedIds, wears }: Wrote): boolean {
  const ids = new Set(seen.rules.map(({ ruleId }) => ruleId))
  const ours = new Set(seen.rules.filter(({ groupId }) => groupId === seen.ourGroupId).map((rule) => admissionOf(rule)))
  const isWorn = seen.ourGroupId !== null && seen.groupIds?.includes(seen.ourGroupId) === true
  return (
    removedIds.every((id) => !ids.has(id)) &&
    added.every((rule) => ours.has(admissionOf({ ...rule, tags: {} }))) &&
    (!wears || isWorn)
  )
}
