import { describe, expect, it } from 'vitest'
import { desiredRules } from '../../src/firewall/desired.ts'
import { driftOf } from '../../src/firewall/drift.ts'
import type { Rule } from '../../src/firewall/rule.ts'
import { grant, grantId } from './rules.ts'

const input = { machines: [], grants: [grant()] }
const [rule] = desiredRules(input, []).rules as [Rule]
const known = [{ grantId: grantId(1), ruleName: rule.name }]

describe('a rule that was seen open', () => {
  it('has drifted when it is gone', () => {
    expect(driftOf(known, input, [])).toEqual([{ grantId: grantId(1), ruleName: rule.name, change: 'REMOVED' }])
  })

  it.each<[string, Partial<Rule>]>([
    ['widened', { sources: ['0.0.0.0/0'] }],
    ['turned into a deny', { access: 'DENY' }],
    ['made to stand for another port', { ports: [{ first: 23, last: 23 }] }],
  ])('has drifted when it was %s', (_, given) => {
    expect(driftOf(known, input, [{ ...rule, ...given }])).toMatchObject([{ change: 'EDITED' }])
  })

  it('has not drifted as it was, at whatever number, under a name in another case', () => {
    expect(driftOf(known, input, [{ ...rule, priority: 300, name: rule.name.toUpperCase() }])).toEqual([])
  })

  it('has not drifted when its grant needs it no more', () => {
    expect(driftOf(known, { grants: [] }, [])).toEqual([])
    expect(driftOf(known, { grants: [grant({ addresses: ['10.0.0.9'] })] }, [])).toEqual([])
    expect(driftOf(known, { grants: [grant({ grantId: grantId(2) })] }, [])).toEqual([])
  })
})
