import type { DriftResponse } from '../access/words.ts'
import type { BoundaryFacts } from './input.ts'
import { lettingGo, withoutGrants } from './letting-go.ts'
import { isNothing } from './parts.ts'
import { planBoundary, type Plan } from './plan.ts'
import { ruleDrifts, type OwnRules, type RuleDrift } from './rule-drift.ts'
import type { RuleChanges } from './rule.ts'
import { noGroupChanges } from './security-group/changes.ts'
import type { Shown } from './shown.ts'
import { waysOf } from './ways.ts'

/** The facts of a boundary, with what its account wants done where somebody else changed rules of ours. */
export interface PassFacts extends BoundaryFacts {
  readonly ours: OwnRules & {
    /** Names of rules that are left as somebody else made them. */
    readonly left: readonly string[]
  }
  readonly driftResponse: DriftResponse
}

/** What was done about a drift. */
export interface AnsweredDrift extends RuleDrift {
  readonly response: 'RESTORED' | 'REPORTED' | 'CLOSED'
}

/** What a pass is to do, given what a boundary shows. */
export interface PassPlan<Facts> {
  /** As the plan saw them. */
  readonly facts: Facts
  readonly plan: Plan
  readonly drifts: readonly AnsweredDrift[]
  /** Grants that end because somebody else changed their rules. */
  readonly closed: readonly string[]
  /** Names of rules that stay as somebody else made them. */
  readonly left: readonly string[]
}

/**
 * Plans a pass. RESTORE puts back whatever was changed; REPORT leaves it, until a grant that is not open yet needs the
 * rule; CLOSE ends the grants whose rules were changed. Whatever the response, a rule that no live grant accounts for is
 * removed: nothing stays open for it.
 */
export function planPass<Facts extends PassFacts>(input: Facts, shown: Shown): PassPlan<Facts> {
  const { driftResponse: wanted, ours } = input
  const first = planBoundary(input, shown)
  const drifts = ruleDrifts(ours, shown.rules, first.changes)
  const closed = wanted === 'CLOSE' && drifts.length > 0 ? hitBy(input, shown) : []
  const remaining = withoutGrants(input, new Set(closed), () => null)
  const second = closed.length === 0 ? first : planBoundary(remaining, shown)
  const facts = isNothing(second.changes) ? remaining : lettingGo(remaining)
  const full = facts === remaining ? second : planBoundary(facts, shown)
  const tolerated = wanted === 'REPORT' ? [...ours.left, ...drifts.map(({ ruleName }) => ruleName)] : []
  const { plan, left } = leaving(full, new Set(tolerated.map(lower)), facts)
  return { facts, plan, drifts: drifts.map((drift) => answered(drift, plan.changes, closed.length > 0)), closed, left }
}

/** Grants that were seen open by a rule that is not what it was. */
function hitBy(input: PassFacts, shown: Shown): string[] {
  return [
    ...new Set(
      waysOf(shown.kind)
        .drift(input, shown)
        .map(({ grantId }) => grantId),
    ),
  ].toSorted()
}

function answered(drift: RuleDrift, { remove, put }: RuleChanges, closes: boolean): AnsweredDrift {
  const name = lower(drift.ruleName)
  if (put.some((rule) => lower(rule.name) === name)) return { ...drift, response: 'RESTORED' }
  const isAllow = (drift.before ?? drift.after)?.access === 'ALLOW'
  if (closes && isAllow && drift.change !== 'ADDED') return { ...drift, response: 'CLOSED' }
  return { ...drift, response: remove.some((one) => lower(one) === name) ? 'RESTORED' : 'REPORTED' }
}

/** The plan without what would put rules back that are to be left; a grant that is not open yet has its rule all the same. */
function leaving(
  full: Plan,
  names: ReadonlySet<string>,
  { grants }: BoundaryFacts,
): Pick<PassPlan<never>, 'plan' | 'left'> {
  const opened = new Set(grants.flatMap(({ grantId, windowEndsAt = null }) => (windowEndsAt === null ? [] : [grantId])))
  const stays = (name: string) =>
    names.has(lower(name)) && (full.owners.get(name) ?? []).every((grantId) => opened.has(grantId))
  const left = full.changes.put.map(({ name }) => name).filter(stays)
  if (left.length === 0) return { plan: full, left }
  const put = full.changes.put.filter(({ name }) => !left.includes(name))
  const { groups } = full.changes
  // A group of ours that somebody took off the interface is left off with the rules in it.
  const unworn =
    put.length === 0 && groups?.ours === 'WEAR' ? { groups: { ...noGroupChanges, ...groups, ours: null } } : {}
  return { plan: { ...full, changes: { ...full.changes, put, ...unworn } }, left }
}

const lower = (name: string) => name.toLowerCase()
