import { isOurs, type Rule, type RuleChanges } from './rule.ts'
import { sameRule } from './same.ts'

/** What is known of the rules of ours at a boundary. */
export interface OwnRules {
  /** As a pass last left them; null before the first. */
  readonly recorded: readonly Rule[] | null
  /** As a write leaves them that was begun and never recorded; null when there is none. */
  readonly intended: readonly Rule[] | null
}

/** A rule of ours that somebody else took away, changed, or made up. */
export interface RuleDrift {
  readonly ruleName: string
  readonly change: 'REMOVED' | 'EDITED' | 'ADDED'
  /** As the gateway had it; null when it had none of that name. */
  readonly before: Rule | null
  /** As it was found; null when it was gone. */
  readonly after: Rule | null
}

/**
 * What somebody else did to rules of ours since a pass last left them, given the changes that are planned for what is
 * shown now. What a write of ours may have done that nobody recorded is no drift; nor is it that a rule is gone which
 * would go now, or there which would be put there now.
 */
export function ruleDrifts(
  { recorded, intended }: OwnRules,
  shown: readonly Rule[],
  { remove, put }: RuleChanges,
): RuleDrift[] {
  if (recorded === null) return []
  const [before, meant, after] = [byName(recorded), byName(intended ?? recorded), byName(shown)]
  const [removed, wanted] = [new Set(remove.map(lower)), new Set(put.map(({ name }) => lower(name)))]
  return [...new Set([...before.keys(), ...after.keys()])].toSorted().flatMap((name): RuleDrift[] => {
    const [was, may, is] = [before.get(name), meant.get(name), after.get(name)]
    if (alike(was, is) || alike(may, is)) return []
    const ruleName = (is ?? may ?? was)?.name ?? name
    const drift = { ruleName, before: may ?? was ?? null, after: is ?? null }
    if (is === undefined) return wanted.has(name) ? [{ ...drift, change: 'REMOVED' }] : []
    if (drift.before === null) return removed.has(name) ? [{ ...drift, change: 'ADDED' }] : []
    return [{ ...drift, change: 'EDITED' }]
  })
}

const lower = (name: string) => name.toLowerCase()

const byName = (rules: readonly Rule[]) => new Map(rules.filter(isOurs).map((rule) => [lower(rule.name), rule]))

function alike(left: Rule | undefined, right: Rule | undefined): boolean {
  return left === undefined || right === undefined ? left === right : sameRule(left, right)
}
