import { describe, expect, it } from 'vitest'
import type { DriftResponse } from '../../src/access/words.ts'
import { applyChanges } from '../../src/firewall/diff.ts'
import { planBoundary } from '../../src/firewall/plan.ts'
import { planPass } from '../../src/firewall/plan-pass.ts'
import { ruleDrifts } from '../../src/firewall/rule-drift.ts'
import { isOurAllow, type Rule } from '../../src/firewall/rule.ts'
import { foreignRule, grant, grantId, machine } from './rules.ts'

const facts = {
  machines: [machine()],
  grants: [grant({ windowEndsAt: '2026-01-01T11:00:00.000Z' })],
  ended: [],
  known: [],
}
const shown = (rules: readonly Rule[]) => ({ kind: 'NETWORK_SECURITY_GROUP' as const, rules, ruleCount: rules.length })
const foreign = foreignRule(2_000)
const standing = applyChanges([foreign], planBoundary(facts, shown([foreign])).changes)
const allow = standing.find(isOurAllow) as Rule
const deny = standing.find((rule) => rule.access === 'DENY') as Rule
const known = [{ grantId: grantId(1), ruleName: allow.name }]

/** What of the rules is planned once they look like this, and what is said of it. */
function look(
  rules: readonly Rule[],
  driftResponse: DriftResponse = 'RESTORE',
  more: { left?: string[]; grants?: typeof facts.grants } = {},
) {
  const { left = [], ...others } = more
  const ours = { recorded: standing, intended: null, left }
  const pass = planPass({ ...facts, known, ...others, ours, driftResponse }, shown(rules))
  const said = pass.drifts.map(({ ruleName, change, response }) => [ruleName, change, response])
  return { ...pass, said, after: applyChanges(rules, pass.plan.changes) }
}
const without = (name: string) => standing.filter((rule) => rule.name !== name)
const changed = (name: string, to: Partial<Rule>) =>
  standing.map((rule) => (rule.name === name ? { ...rule, ...to } : rule))
const named = (rules: readonly Rule[]) => rules.map(({ name }) => name).toSorted()

describe('a rule of ours', () => {
  it.each<[string, readonly Rule[], string, string]>([
    ['taken away', without(allow.name), allow.name, 'REMOVED'],
    ['widened', changed(allow.name, { sources: ['*'] }), allow.name, 'EDITED'],
    ['moved', changed(deny.name, { priority: 4_000 }), deny.name, 'EDITED'],
    ['taken away from what is closed', without(deny.name), deny.name, 'REMOVED'],
    [
      'made up',
      [...standing, { ...allow, name: 'JitGateway-Allow-forged', priority: 150 }],
      'JitGateway-Allow-forged',
      'ADDED',
    ],
  ])('that was %s is told of, with what it was and what it is, and put right', (_, rules, name, change) => {
    const { drifts, said, after } = look(rules)
    expect(said).toEqual([[name, change, 'RESTORED']])
    const find = (all: readonly Rule[]) => all.find((rule) => rule.name === name) ?? null
    expect(drifts[0]).toMatchObject({ before: find(standing), after: find(rules) })
    expect(named(after)).toEqual(named(standing))
  })

  it('is no drift as it was left, nor before anybody looked, nor as the gateway itself was about to leave it', () => {
    expect(look(standing).said).toEqual([])
    const changes = planBoundary(facts, shown(without(allow.name))).changes
    expect(ruleDrifts({ recorded: null, intended: null }, without(allow.name), changes)).toEqual([])
    const meant = { recorded: standing, intended: without(allow.name) }
    expect(ruleDrifts(meant, without(allow.name), changes)).toEqual([])
    expect(ruleDrifts(meant, standing, changes)).toEqual([])
    expect(ruleDrifts(meant, changed(allow.name, { sources: ['*'] }), changes)).toHaveLength(1)
  })

  it('that would go anyway is missed by nobody', () => {
    const { said } = look(without(allow.name), 'RESTORE', { grants: [] })
    expect(said).toEqual([])
  })
})

describe('an account that wants drifts reported only', () => {
  it('has its rules left as they were made, look after look', () => {
    const first = look(without(allow.name), 'REPORT')
    expect(first.said).toEqual([[allow.name, 'REMOVED', 'REPORTED']])
    expect([first.left, first.closed, named(first.after)]).toEqual([[allow.name], [], named(without(allow.name))])
    const ours = { recorded: without(allow.name), intended: null, left: first.left }
    const second = planPass({ ...facts, ours, driftResponse: 'REPORT' }, shown(without(allow.name)))
    expect([second.drifts, second.plan.changes.put]).toEqual([[], []])
  })

  it('has the rule all the same once a grant needs it that is not open yet, and nothing that nobody was granted', () => {
    const grants = [...facts.grants, { ...grant({ grantId: grantId(2) }), windowEndsAt: null }] as never
    expect(named(look(without(allow.name), 'REPORT', { left: [allow.name], grants }).after)).toEqual(named(standing))
    const forged = [...standing, { ...allow, name: 'JitGateway-Allow-forged', priority: 150 }]
    expect(look(forged, 'REPORT').said).toEqual([['JitGateway-Allow-forged', 'ADDED', 'RESTORED']])
    expect(named(look(changed(allow.name, { sources: ['*'] }), 'REPORT', { grants: [] }).after)).not.toContain(
      allow.name,
    )
  })
})

describe('an account that wants drifts closed', () => {
  it('has the grants ended whose rule was changed, and what closes put back', () => {
    const widened = look(changed(allow.name, { sources: ['*'] }), 'CLOSE')
    expect([widened.said, widened.closed]).toEqual([[[allow.name, 'EDITED', 'CLOSED']], [grantId(1)]])
    expect(named(widened.after)).not.toContain(allow.name)
    const opened = look(without(deny.name), 'CLOSE')
    expect([opened.said, opened.closed]).toEqual([[[deny.name, 'REMOVED', 'RESTORED']], []])
    expect(named(opened.after)).toEqual(named(standing))
  })
})
