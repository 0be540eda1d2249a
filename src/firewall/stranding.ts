import { applyChanges } from './diff.ts'
import { covers, readRules, type Flow, type ReadRule } from './match.ts'
import type { Judged, Objection } from './objection.ts'
import { flowsOf } from './opening.ts'
import { isOurAllow, type RuleChanges } from './rule.ts'
import { giversOf } from './within.ts'

/** Changes that would take from a live grant the rule it has, and leave it none. */
export function stranding(changes: RuleChanges, { present, grants }: Judged): Objection {
  const lost = new Set([...changes.remove, ...changes.put.map(({ name }) => name)].map((name) => name.toLowerCase()))
  const losing = readRules(present.filter((rule) => lost.has(rule.name.toLowerCase())))
  const after = readRules(applyChanges(present, changes).filter(isOurAllow))
  const byName = new Map(after.map((read) => [read.rule.name.toLowerCase(), read]))
  const givers = giversOf(grants)

  const isStranded = (read: ReadRule, flow: Flow) => {
    const same = byName.get(read.rule.name.toLowerCase())
    if (same !== undefined && covers(same, flow)) return false
    return covers(read, flow) && !after.some((other) => covers(other, flow))
  }
  const needed = new Set(
    losing
      .filter((read) => givers(read.rule).some((grant) => flowsOf(grant).some((flow) => isStranded(read, flow))))
      .map(({ rule }) => rule.name.toLowerCase()),
  )
  return {
    remove: changes.remove.filter((name) => needed.has(name.toLowerCase())),
    put: changes.put.filter(({ name }) => needed.has(name.toLowerCase())),
    fault: null,
  }
}
