import { desiredRules } from './desired.ts'
import { applyChanges, diffRules } from './diff.ts'
import { driftOf } from './drift.ts'
import { guardChanges } from './guard.ts'
import type { BoundaryInput } from './input.ts'
import { compareTexts } from './match.ts'
import type { Plan } from './plan.ts'
import { remainsOf } from './remains.ts'
import { isOurAllow } from './rule.ts'
import { shadowsOf } from './shadow.ts'
import type { Shown } from './shown.ts'
import { verifyGrants } from './verify.ts'
import type { Ways } from './ways.ts'
import { giversOf } from './within.ts'

/** Network security groups of Azure: numbered rules that allow and deny, of which the first that matches decides. */
export const networkSecurityGroup: Ways = {
  plan: planNetworkSecurityGroup,
  verify: (facts, { rules }) => verifyGrants(facts, rules),
  remains: ({ ended, grants }, { rules }) => remainsOf(ended, grants, rules),
  shadows: ({ machines }, { rules }) => shadowsOf(machines, rules),
  drift: (facts, { rules }) => driftOf(facts.known, facts, rules),
}

/** Decides what to write to a group that shows these inbound rules and holds `ruleCount` of either direction. */
export function planNetworkSecurityGroup(
  input: BoundaryInput,
  { rules, ruleCount }: Pick<Shown, 'rules' | 'ruleCount'>,
): Plan {
  const desired = desiredRules(input, rules)
  const guarded = guardChanges(diffRules(rules, desired.rules), rules, input, ruleCount)

  const owned = new Map([...desired.owners].map(([name, owners]) => [name.toLowerCase(), owners]))
  const givers = giversOf(input.grants)
  const owners = applyChanges(rules, guarded.changes)
    .filter(isOurAllow)
    .map((rule) => {
      const byGuard = () => givers(rule).map(({ grantId }) => grantId)
      return [rule.name, owned.get(rule.name.toLowerCase()) ?? byGuard().toSorted(compareTexts)] as const
    })

  const refused = new Map([...guarded.refused, ...desired.unplaced].map((refusal) => [refusal.grantId, refusal]))
  return {
    changes: guarded.changes,
    owners: new Map(owners.toSorted(([left], [right]) => compareTexts(left, right))),
    refused: [...refused.values()].toSorted((left, right) => compareTexts(left.grantId, right.grantId)),
  }
}
