import type { Rule, RuleChanges } from './rule.ts'
import { noGroupChanges } from './security-group/changes.ts'

/** Whether there is nothing to write. */
export function isNothing({ remove, put, groups = noGroupChanges }: RuleChanges): boolean {
  const { ours, unseen, take, giveBack } = groups
  return remove.length + put.length + unseen.length + take.length + giveBack.length === 0 && ours === null
}

/**
 * Changes that the cloud would not take together, in parts to be tried one after the other: what closes apart from what
 * opens, and what opens in halves. What cannot be parted is the only part.
 */
export function partsOf(changes: RuleChanges): RuleChanges[] {
  const { remove, put, groups } = changes
  const opens = put.filter((rule) => rule.access === 'ALLOW')
  const denies = put.filter((rule) => rule.access === 'DENY')
  const wears = groups?.ours === 'WEAR'
  const closing: RuleChanges = {
    remove,
    put: denies,
    ...(groups === undefined ? {} : { groups: wears ? { ...groups, ours: null } : groups }),
  }
  if (opens.length > 0 && !isNothing(closing)) return [closing, opening(opens, wears)]
  if (opens.length > 1) {
    const middle = Math.ceil(opens.length / 2)
    return [opening(opens.slice(0, middle), wears), opening(opens.slice(middle), wears)]
  }
  return [changes]
}

const opening = (put: readonly Rule[], wears: boolean): RuleChanges => ({
  remove: [],
  put,
  ...(wears ? { groups: { ...noGroupChanges, ours: 'WEAR' } } : {}),
})

/** The one rule that changes open and do nothing else; null when they do anything else. */
export function onlyOpening(changes: RuleChanges): Rule | null {
  const [rule] = changes.put
  if (rule === undefined || rule.access === 'DENY' || changes.put.length > 1) return null
  const { remove, groups = noGroupChanges } = changes
  const besides = isNothing({ remove, put: [], groups: groups.ours === 'WEAR' ? { ...groups, ours: null } : groups })
  return besides ? rule : null
}
