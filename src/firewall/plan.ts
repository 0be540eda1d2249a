import type { BoundaryFacts } from './input.ts'
import type { Refusal } from './refusal.ts'
import type { RuleChanges } from './rule.ts'
import type { Shown } from './shown.ts'
import { waysOf } from './ways.ts'

/** What to write to a boundary. */
export interface Plan {
  readonly changes: RuleChanges
  /** The live grants that each allow of ours stands for once the changes are made, by the rule's name. */
  readonly owners: ReadonlyMap<string, readonly string[]>
  /** Grants that cannot be opened here, by id. One that needs two rules, for IPv4 and IPv6, may have one of them. */
  readonly refused: readonly Refusal[]
}

/** Decides what to write to a boundary that shows this, as its kind has it. */
export function planBoundary(facts: BoundaryFacts, shown: Shown): Plan {
  return waysOf(shown.kind).plan(facts, shown)
}
