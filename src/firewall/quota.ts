import { applyChanges } from './diff.ts'
import type { Judged, Objection } from './objection.ts'
import type { Rule, RuleChanges } from './rule.ts'

/** What one boundary holds at most, as Azure documents it. The cloud counts rules of both directions. */
export const quotas = { rules: 1_000, addresses: 4_000 } as const

/** New allows that a boundary has no place for: the last by number go first. */
export function overQuota(changes: RuleChanges, { present, ruleCount }: Judged): Objection {
  const standing = new Set(present.map(({ name }) => name.toLowerCase()))
  const opens = changes.put
    .filter((rule) => rule.access === 'ALLOW' && !standing.has(rule.name.toLowerCase()))
    .toSorted((left, right) => right.priority - left.priority)
  const after = applyChanges(present, changes)
  let rules = ruleCount + after.length - present.length
  const addresses = { sources: countOf(after, 'sources'), destinations: countOf(after, 'destinations') }
  const put: Rule[] = []
  for (const rule of opens) {
    const fits = Math.max(addresses.sources, addresses.destinations) <= quotas.addresses
    if (rules <= quotas.rules && fits) break
    put.push(rule)
    rules -= 1
    addresses.sources -= rule.sources.length
    addresses.destinations -= rule.destinations.length
  }
  return {
    remove: [],
    put,
    fault: {
      code: 'QUOTA_REACHED',
      message: `This boundary has no room left: it holds at most ${quotas.rules} rules and ${quotas.addresses} source or destination addresses. Remove rules from it, or wait until other grants have ended, then ask again.`,
    },
  }
}

const countOf = (rules: readonly Rule[], side: 'sources' | 'destinations') =>
  rules.reduce((sum, rule) => sum + rule[side].length, 0)
