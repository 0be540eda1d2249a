import { compareTexts } from './match.ts'
import { isOurs, type Rule, type RuleChanges } from './rule.ts'
import { sameRule } from './same.ts'

/** What turns the rules of ours that are present into those desired. Foreign rules are not looked at. */
export function diffRules(present: readonly Rule[], desired: readonly Rule[]): RuleChanges {
  const standing = new Map(present.filter(isOurs).map((rule) => [rule.name.toLowerCase(), rule]))
  const wanted = new Set(desired.map((rule) => rule.name.toLowerCase()))
  const remove = [...standing].filter(([name]) => !wanted.has(name)).map(([, rule]) => rule.name)
  const put = desired.filter((rule) => {
    const before = standing.get(rule.name.toLowerCase())
    return before === undefined || !sameRule(before, rule)
  })
  return {
    remove: remove.toSorted(compareTexts),
    put: put.toSorted((left, right) => left.priority - right.priority),
  }
}

/** The rules after the changes: what is put takes the place of what has its name. */
export function applyChanges(present: readonly Rule[], changes: RuleChanges): Rule[] {
  const replaced = new Set(
    [...changes.remove, ...changes.put.map((rule) => rule.name)].map((name) => name.toLowerCase()),
  )
  return [...present.filter((rule) => !replaced.has(rule.name.toLowerCase())), ...changes.put]
}
