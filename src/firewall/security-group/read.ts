import type { Drift } from '../drift.ts'
import type { BoundaryFacts } from '../input.ts'
import { covers, readRules } from '../match.ts'
import { isOurAllow } from '../rule.ts'
import type { Shown } from '../shown.ts'
import type { GrantEvidence } from '../verify.ts'
import { groupsOf } from './groups-shown.ts'
import { unitFlows, unitName } from './unit.ts'

/** Looks for each live grant's rules: it is OPEN by all of them, in a group that the interface wears. */
export function verifyGroup({ grants }: BoundaryFacts, shown: Shown): GrantEvidence[] {
  const standing = standingRules(shown)
  return grants.map((grant) => {
    const flows = unitFlows(grant)
    const rules = flows.map((flow) => {
      const read = standing.get(unitName(flow))
      return read !== undefined && covers(read, flow) ? read.rule : null
    })
    const [first] = rules
    const isOpen = first !== undefined && first !== null && !rules.includes(null)
    const { grantId } = grant
    return isOpen
      ? { grantId, status: 'OPEN', ruleName: first.name, blockedBy: null }
      : { grantId, status: 'ABSENT', ruleName: null, blockedBy: null }
  })
}

/** Which rules of grants that were seen open are gone, or in a group that was taken off the interface. */
export function driftOfGroup({ known, grants }: BoundaryFacts, shown: Shown): Drift[] {
  const standing = standingRules(shown)
  const live = new Map(grants.map((grant) => [grant.grantId, grant]))
  return known.flatMap(({ grantId, ruleName }): Drift[] => {
    const grant = live.get(grantId)
    const names = grant === undefined ? [] : unitFlows(grant).map(unitName)
    // A grant whose machine has other addresses now may need another rule: that is no drift.
    if (!names.includes(ruleName)) return []
    const missing = names.find((name) => !standing.has(name))
    return missing === undefined ? [] : [{ grantId, ruleName: missing, change: 'REMOVED' }]
  })
}

/** Rules of ours that are in force, by name. */
function standingRules(shown: Shown) {
  const rules = groupsOf(shown).ours === 'WORN' ? shown.rules.filter(isOurAllow) : []
  return new Map(readRules(rules).map((read) => [read.rule.name, read]))
}
