import type { LiveGrant } from './input.ts'
import { openingsOf, ruleOf } from './opening.ts'
import type { Rule } from './rule.ts'
import { sameMatch } from './same.ts'

/** A rule of ours that somebody else took away or made to match other packets. */
export interface Drift {
  readonly grantId: string
  readonly ruleName: string
  readonly change: 'REMOVED' | 'EDITED'
}

/**
 * Which rules that were seen open for live grants are not what they were. Read it from an observation made before our
 * own write. A rule that its grant needs no more, because the machine has other addresses now, is ours to change.
 */
export function driftOf(
  known: readonly { readonly grantId: string; readonly ruleName: string }[],
  input: { readonly grants: readonly LiveGrant[] },
  rules: readonly Rule[],
): Drift[] {
  const standing = new Map(rules.map((rule) => [rule.name.toLowerCase(), rule]))
  const needed = new Map(openingsOf(input.grants).map((opening) => [opening.name.toLowerCase(), opening]))
  return known.flatMap(({ grantId, ruleName }): Drift[] => {
    const opening = needed.get(ruleName.toLowerCase())
    if (opening === undefined || !opening.grants.some((grant) => grant.grantId === grantId)) return []
    const rule = standing.get(ruleName.toLowerCase())
    if (rule === undefined) return [{ grantId, ruleName, change: 'REMOVED' }]
    return sameMatch(rule, ruleOf(opening, rule.priority)) ? [] : [{ grantId, ruleName, change: 'EDITED' }]
  })
}
