import { desiredRules } from './desired.ts'
import { applyChanges, diffRules } from './diff.ts'
import { guardChanges } from './guard.ts'
import type { BoundaryInput } from './input.ts'
import { compareTexts } from './match.ts'
import type { Refusal } from './refusal.ts'
import { isOurAllow, type Rule, type RuleChanges } from './rule.ts'
import { giversOf } from './within.ts'

/** What to write to a boundary. */
export interface Plan {
  readonly changes: RuleChanges
  /** The live grants that each allow of ours stands for once the changes are made, by the rule's name. */
  readonly owners: ReadonlyMap<string, readonly string[]>
  /** Grants that cannot be opened here, by id. One that needs two rules, for IPv4 and IPv6, may have one of them. */
  readonly refused: readonly Refusal[]
}

/** Decides what to write to a boundary that shows these inbound rules and holds `ruleCount` of either direction. */
export function planBoundary(
  input: BoundaryInput,
  observation: { readonly rules: readonly Rule[]; readonly ruleCount: number },
): Plan {
  const { rules, ruleCount } = observation
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
