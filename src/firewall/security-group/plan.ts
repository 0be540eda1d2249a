import { applyChanges } from '../diff.ts'
import type { BoundaryFacts } from '../input.ts'
import { compareTexts } from '../match.ts'
import type { Plan } from '../plan.ts'
import type { Refusal } from '../refusal.ts'
import { isOurAllow, isOurs, type RuleChanges } from '../rule.ts'
import type { Shown } from '../shown.ts'
import { withoutFamily } from '../unplaced.ts'
import type { GroupChanges } from './changes.ts'
import { groupsOf } from './groups-shown.ts'
import { guardGroup } from './guard.ts'
import { takingsOf } from './taking.ts'
import { unitFlows, unitName, unitRule, unitsOf } from './unit.ts'
import { groupGivers } from './within.ts'

/**
 * Decides what to write for an interface. Its rules are those of all groups that it wears, and each only allows: what
 * is granted is a rule in a group of ours that this interface alone wears, and what is closed is no rule at all.
 */
export function planSecurityGroup(facts: BoundaryFacts, shown: Shown): Plan {
  const guarded = guardGroup(changesFor(facts, shown), facts, shown)
  const byRule = new Map(unitsOf(facts.grants).map(({ name, grants }) => [name, grants.map(({ grantId }) => grantId)]))
  const givers = groupGivers(facts.grants)
  const owners = applyChanges(shown.rules, guarded.changes)
    .filter(isOurAllow)
    .map((rule) => [rule.name, byRule.get(rule.name) ?? givers(rule).map(({ grantId }) => grantId)] as const)
  const unplaced = withoutFamily(
    facts.grants,
    facts.grants.filter((grant) => unitFlows(grant).length > 0).map((grant) => ({ grants: [grant] })),
  )
  const refused = new Map<string, Refusal>([...guarded.refused, ...unplaced].map((one) => [one.grantId, one]))
  return {
    changes: guarded.changes,
    owners: new Map(owners.toSorted(([left], [right]) => compareTexts(left, right))),
    refused: [...refused.values()].toSorted((left, right) => compareTexts(left.grantId, right.grantId)),
  }
}

function changesFor(facts: BoundaryFacts, shown: Shown): RuleChanges {
  const units = unitsOf(facts.grants)
  const wanted = new Set(units.map(({ name }) => name))
  const standing = new Map(shown.rules.filter(isOurs).map((rule) => [rule.name, rule]))
  const remove = [...standing.keys()].filter((name) => !wanted.has(name)).toSorted(compareTexts)
  // A group that is to be worn is put on for the rules in it: whoever may not wear it is refused all of them.
  const all = groupsOf(shown).ours !== 'WORN'
  const put = units.map(unitRule).filter((rule) => all || standing.get(rule.name)?.description !== rule.description)
  const groups = groupChangesFor(facts, shown, { wanted, standing })
  return { remove, put, ...(groups === null ? {} : { groups }) }
}

function groupChangesFor(
  facts: BoundaryFacts,
  shown: Shown,
  { wanted, standing }: { readonly wanted: ReadonlySet<string>; readonly standing: ReadonlyMap<string, unknown> },
): GroupChanges | null {
  const { ours, removable } = groupsOf(shown)
  const { take, giveBack } = takingsOf(facts, groupsOf(shown))
  const unseen = ours === 'NONE' ? [] : unseenOf(facts).filter(({ name }) => !wanted.has(name) && !standing.has(name))
  const isDone = facts.machines.length + facts.grants.length === 0 && removable
  const next = wanted.size > 0 && ours !== 'WORN' ? 'WEAR' : isDone && ours !== 'NONE' ? 'DISSOLVE' : null
  return next === null && unseen.length + take.length + giveBack.length === 0
    ? null
    : { ours: next, unseen, take, giveBack }
}

/** What ended grants may have opened. */
function unseenOf({ ended }: BoundaryFacts) {
  const flows = ended.flatMap(unitFlows).map((flow) => [unitName(flow), flow] as const)
  return [...new Map(flows)].map(([, flow]) => unitRule({ flow, grants: [] }))
}
