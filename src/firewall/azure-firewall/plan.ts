import type { CloudFault } from '../../access/facts.ts'
import { applyChanges, diffRules } from '../diff.ts'
import type { BoundaryFacts } from '../input.ts'
import { compareTexts } from '../match.ts'
import { openingsOf } from '../opening.ts'
import type { Plan } from '../plan.ts'
import type { Refusal } from '../refusal.ts'
import { isOurAllow, isOurs, type Rule } from '../rule.ts'
import type { Shown } from '../shown.ts'
import { withoutFamily } from '../unplaced.ts'
import { giversOf } from '../within.ts'
import { allot, publicPorts } from './allot.ts'
import { guardFirewall } from './guard.ts'
import { behind, natRuleOf } from './nat-rule.ts'

/** The priorities that a rule collection may have; the lowest is looked at first. */
const priorities = { first: 100, last: 65_000 } as const

/** Decides what to write to a firewall: a NAT rule for what is granted, all in one collection of ours. */
export function planFirewall(facts: BoundaryFacts, { rules, firewall }: Pick<Shown, 'rules' | 'firewall'>): Plan {
  const { grants, publicAddresses = [] } = facts
  const openings = openingsOf(grants)
  const endpoints = allot(openings, rules, publicAddresses)
  const priority = priorityOf(rules, firewall?.priorities ?? [])
  const desired = openings.flatMap((opening) => {
    const endpoint = endpoints.get(opening.name)
    return endpoint === undefined ? [] : [natRuleOf(opening, endpoint, priority)]
  })
  const guarded = guardFirewall(diffRules(rules, desired), rules, facts)

  const givers = giversOf(grants)
  const owners = applyChanges(rules, guarded.changes)
    .filter(isOurAllow)
    .map(
      (rule) =>
        [
          rule.name,
          givers(behind(rule))
            .map(({ grantId }) => grantId)
            .toSorted(compareTexts),
        ] as const,
    )
  const homeless = openings
    .filter(({ name }) => !endpoints.has(name))
    .flatMap((opening) =>
      opening.grants.map(({ grantId }): Refusal => ({ grantId, fault: noEndpoint(publicAddresses) })),
    )
  const refusals = [...guarded.refused, ...homeless, ...withoutFamily(grants, openings)]
  const refused = new Map(refusals.map((refusal) => [refusal.grantId, refusal]))
  return {
    changes: guarded.changes,
    owners: new Map(owners.toSorted(([left], [right]) => compareTexts(left, right))),
    refused: [...refused.values()].toSorted((left, right) => compareTexts(left.grantId, right.grantId)),
  }
}

/** The priority of our collection: the one it has, or the lowest that no collection of any sort has. */
function priorityOf(present: readonly Rule[], taken: readonly number[]): number {
  const own = present.filter(isOurs).map((rule) => rule.priority)
  if (own.length > 0) return Math.min(...own)
  const used = new Set(taken)
  let free: number = priorities.first
  while (used.has(free) && free < priorities.last) free += 1
  return free
}

function noEndpoint(publicAddresses: readonly string[]): CloudFault {
  return publicAddresses.length === 0
    ? {
        code: 'NO_PUBLIC_ADDRESS',
        message: 'The firewall has no public address to be reached at: give it one, then ask again.',
      }
    : {
        code: 'NO_FREE_PORT',
        message: `The rules of others may match every public port from ${String(publicPorts.first)} to ${String(publicPorts.last)} of this firewall: narrow them, then ask again.`,
      }
}
