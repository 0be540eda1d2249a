import { applyChanges } from '../diff.ts'
import { uncovered, withholdWhat } from '../guard.ts'
import type { BoundaryFacts } from '../input.ts'
import type { Judged, Objection } from '../objection.ts'
import type { Refusal } from '../refusal.ts'
import { isOurs, type Rule, type RuleChanges } from '../rule.ts'
import { stranding } from '../stranding.ts'
import { unservedBy } from '../unserved.ts'
import { overBudget } from './budget.ts'
import { behind, endpointOf, takes } from './nat-rule.ts'

/**
 * The last look before a write to a firewall, made without trust in whoever planned it: what is opened must be given by
 * a live grant and have an endpoint of its own; what is over is never held back.
 */
export function guardFirewall(
  changes: RuleChanges,
  present: readonly Rule[],
  { grants, publicAddresses = [] }: BoundaryFacts,
): { readonly changes: RuleChanges; readonly refused: readonly Refusal[] } {
  const judged: Judged = { present, grants, ruleCount: present.length }
  const looks = [asBehind(uncovered), asBehind(stranding), colliding, overBudget(publicAddresses)]
  const { kept, held } = withholdWhat(looks, changes, judged)
  const hidden = held.map(({ rule, fault }) => ({ rule: behind(rule), fault }))
  return { changes: kept, refused: unservedBy(hidden, grants, applyChanges(present, kept).map(behind)) }
}

type Look = (changes: RuleChanges, judged: Judged) => Objection

/** A look at the rules as they would stand behind the firewall. */
const asBehind =
  (look: Look): Look =>
  (changes, judged) => {
    const put = changes.put.map((rule) => [rule, behind(rule)] as const)
    const seen = { remove: changes.remove, put: put.map(([, rule]) => rule) }
    const objection = look(seen, { ...judged, present: judged.present.map(behind) })
    return { ...objection, put: put.filter(([, rule]) => objection.put.includes(rule)).map(([rule]) => rule) }
  }

/** Rules at an endpoint that leads elsewhere already, or that a foreign rule may match. */
function colliding(changes: RuleChanges, { present }: Judged): Objection {
  const after = applyChanges(present, changes)
  const put = changes.put.filter((rule) => {
    const endpoint = endpointOf(rule)
    if (endpoint === null || rule.translatesTo === undefined) return true
    return after.some(
      (other) => other !== rule && takes(other, endpoint) && !(isOurs(other) && leadsAlike(other, rule)),
    )
  })
  return {
    remove: [],
    put,
    fault: {
      code: 'PORT_TAKEN',
      message:
        'The public port of the rule that was to be written belongs to another rule of this firewall: ask again.',
    },
  }
}

const leadsAlike = ({ translatesTo: left }: Rule, { translatesTo: right }: Rule) =>
  left !== undefined && left.address === right?.address && left.port === right.port
