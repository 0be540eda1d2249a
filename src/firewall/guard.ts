import type { CloudFault } from '../access/facts.ts'
import { applyChanges } from './diff.ts'
import type { BoundaryInput } from './input.ts'
import { compareTexts } from './match.ts'
import type { Judged, Objection } from './objection.ts'
import { overQuota } from './quota.ts'
import type { Refusal } from './refusal.ts'
import { isOurs, type Rule, type RuleChanges } from './rule.ts'
import { stranding } from './stranding.ts'
import { unservedBy } from './unserved.ts'
import { giversOf } from './within.ts'

/**
 * The last look before a write, made without trust in whoever planned it, and not even-handed: an allow must be given
 * by a live grant and must fit, while denies and the removal of what is over are never held back. Only a removal, or a
 * rewriting, that would cut off a live grant is refused; that one is in nobody's `refused`, for nobody loses by it.
 */
export function guardChanges(
  changes: RuleChanges,
  present: readonly Rule[],
  input: BoundaryInput,
  ruleCount: number,
): { readonly changes: RuleChanges; readonly refused: readonly Refusal[] } {
  const judged: Judged = { present, grants: input.grants, ruleCount }
  const { kept, held } = withholdWhat([uncovered, stranding, clashing, overQuota], changes, judged)
  return { changes: kept, refused: unservedBy(held, input.grants, applyChanges(present, kept)) }
}

/** What is left of changes when nothing that is looked at objects any more, and the allows that were held back. */
export function withholdWhat(
  looks: readonly ((changes: RuleChanges, judged: Judged) => Objection)[],
  changes: RuleChanges,
  judged: Judged,
): { readonly kept: RuleChanges; readonly held: readonly { readonly rule: Rule; readonly fault: CloudFault }[] } {
  const held: { rule: Rule; fault: CloudFault }[] = []
  let kept: RuleChanges = {
    remove: changes.remove.filter((name) => isOurs({ name })),
    put: changes.put.filter(isOurs),
  }
  // Each objection can give rise to another: a rule that stays in its place may be in the way of one that comes.
  let objected: boolean
  do {
    objected = false
    for (const look of looks) {
      const { remove, put, fault } = look(kept, judged)
      if (remove.length + put.length === 0) continue
      objected = true
      kept = without(kept, remove, put)
      if (fault !== null) held.push(...put.filter(isAllow).map((rule) => ({ rule, fault })))
    }
  } while (objected)
  return { kept, held }
}

/** Allows that no live grant gives. */
export function uncovered({ put }: RuleChanges, { grants }: Judged): Objection {
  const givers = giversOf(grants)
  return {
    remove: [],
    put: put.filter((rule) => isAllow(rule) && givers(rule).length === 0),
    fault: {
      code: 'NOT_COVERED',
      message: 'The rule that was to be written would have admitted more than was granted: it was held back.',
    },
  }
}

/** Two rules at one number: the cloud would refuse the whole write, and with it what closes. */
function clashing(changes: RuleChanges, { present }: Judged): Objection {
  const put = new Set(changes.put)
  const rank = (rule: Rule) => (put.has(rule) ? (rule.access === 'DENY' ? 1 : 2) : 0)
  const after = applyChanges(present, changes).toSorted(
    (left, right) => rank(left) - rank(right) || compareTexts(left.name, right.name),
  )
  const taken = new Set<number>()
  const second: Rule[] = []
  for (const rule of after)
    if (taken.has(rule.priority) && put.has(rule)) second.push(rule)
    else taken.add(rule.priority)
  return {
    remove: [],
    put: second,
    fault: {
      code: 'PRIORITY_TAKEN',
      message: 'The priority of the rule that was to be written belongs to another rule of this boundary: ask again.',
    },
  }
}

const isAllow = (rule: Rule) => rule.access === 'ALLOW'

const without = (changes: RuleChanges, remove: readonly string[], put: readonly Rule[]): RuleChanges => ({
  remove: changes.remove.filter((name) => !remove.includes(name)),
  put: changes.put.filter((rule) => !put.includes(rule)),
})
