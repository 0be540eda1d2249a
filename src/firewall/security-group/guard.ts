import type { CloudFault } from '../../access/facts.ts'
import type { BoundaryFacts } from '../input.ts'
import { compareTexts } from '../match.ts'
import type { Refusal } from '../refusal.ts'
import { isOurs, type RuleChanges } from '../rule.ts'
import { groupsOf } from './groups-shown.ts'
import { isToBeTaken } from './taking.ts'
import { unitsOf } from './unit.ts'
import { groupGivers } from './within.ts'
import type { Shown } from '../shown.ts'

/**
 * The last look before a write, made without trust in whoever planned it: a rule must be given by a live grant, the
 * group must be nobody else's, and foreign rules go only where the policy says so. What closes is held back only where
 * it would cut off a live grant.
 */
export function guardGroup(
  changes: RuleChanges,
  facts: BoundaryFacts,
  shown: Shown,
): { readonly changes: RuleChanges; readonly refused: readonly Refusal[] } {
  const givers = groupGivers(facts.grants)
  const { strangers } = groupsOf(shown)
  const units = unitsOf(facts.grants)
  const needed = new Set(units.map(({ name }) => name))
  const [remove, given] = [
    changes.remove.filter((name) => isOurs({ name }) && !needed.has(name)),
    changes.put.filter((rule) => givers(rule).length > 0),
  ]
  const fault: CloudFault | null = strangers.length > 0 ? sharedFault(strangers) : null
  const put = fault === null ? given : []
  const groups = changes.groups && {
    ...changes.groups,
    ours: fault !== null && changes.groups.ours === 'WEAR' ? null : changes.groups.ours,
    unseen: changes.groups.unseen.filter((rule) => isOurs(rule) && !needed.has(rule.name)),
    take: changes.groups.take.filter((rule) => isToBeTaken(rule, facts.machines)),
  }
  const standing = new Set([...shown.rules.filter(isOurs), ...put].map(({ name }) => name))
  const unserved = units.filter(({ name }) => !standing.has(name)).flatMap((unit) => unit.grants)
  const without = fault ?? notCovered
  return {
    changes: { remove, put, ...(groups === undefined ? {} : { groups }) },
    refused: [...new Set(unserved.map(({ grantId }) => grantId))]
      .toSorted(compareTexts)
      .map((grantId) => ({ grantId, fault: without })),
  }
}

const notCovered: CloudFault = {
  code: 'NOT_COVERED',
  message: 'The rule that was to be written would have admitted more than was granted: it was held back.',
}

const sharedFault = (strangers: readonly string[]): CloudFault => ({
  code: 'GROUP_SHARED',
  message: `The security group that holds the gateway's rules for this interface is also worn by ${strangers.slice(0, 3).join(', ')}${strangers.length > 3 ? ' and others' : ''}, which a rule in it would open too: take the group off there, then ask again.`,
})
