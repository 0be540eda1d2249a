import { describe, expect, it } from 'vitest'
import type { RuleChanges } from '../../../src/firewall/rule.ts'
import { noGroupChanges } from '../../../src/firewall/security-group/changes.ts'
import { guardGroup } from '../../../src/firewall/security-group/guard.ts'
import { unitRule, unitsOf } from '../../../src/firewall/security-group/unit.ts'
import { foreignRule, grant, grantId, machine } from '../rules.ts'
import { facts, groupRule, interfaceWith } from './interface.ts'

const live = facts({ grants: [grant()] })
const [unit] = unitsOf(live.grants)
const rule = unitRule(unit!)
const open = interfaceWith([], [rule])
const guard = (changes: Partial<RuleChanges>, shown = open, wanted = live) =>
  guardGroup({ remove: [], put: [], ...changes }, wanted, shown)

describe('the guard of a security group', () => {
  it.each([
    ['more sources', { sources: ['203.0.113.0/24'] }],
    ['everybody', { sources: ['*'] }],
    ['another group', { sources: ['sg-1'] }],
    ['another port', { ports: [{ first: 22, last: 23 }] }],
    ['another protocol', { protocol: 'UDP' as const }],
    ['all protocols', { protocol: 'ANY' as const }],
  ])('holds back a rule that admits %s than was granted, and says so to who goes without', (_, given) => {
    const { changes, refused } = guard({ put: [{ ...rule, ...given }] }, interfaceWith([]))
    expect(changes.put).toEqual([])
    expect(refused).toMatchObject([{ grantId: grantId(1), fault: { code: 'NOT_COVERED' } }])
  })

  it('holds back no rule that a grant gives, and refuses nobody who has one', () => {
    expect(guard({ put: [rule] }, interfaceWith([]))).toEqual({ changes: { remove: [], put: [rule] }, refused: [] })
    expect(guard({}).refused).toEqual([])
  })

  it('takes no rule from a live grant, and none that is not ours', () => {
    const foreign = foreignRule(0, { name: 'sg-web/sgr-1' })
    const kept = guard({ remove: [rule.name, foreign.name, 'JitGateway-Allow-over'] })
    expect(kept.changes.remove).toEqual(['JitGateway-Allow-over'])
    const unseen = [rule, foreign, { ...rule, name: 'JitGateway-Allow-over' }]
    expect(guard({ groups: { ...noGroupChanges, unseen } }).changes.groups?.unseen.map(({ name }) => name)).toEqual([
      'JitGateway-Allow-over',
    ])
  })

  it('takes a foreign rule only where the policy says so', () => {
    const groups = { ...noGroupChanges, take: [groupRule()] }
    const taken = (closesForeignRules: boolean) =>
      guard({ groups }, open, facts({ machines: [machine({ closesForeignRules })] })).changes.groups?.take
    expect(taken(false)).toEqual([])
    expect(taken(true)).toEqual([groupRule()])
  })

  it('puts nothing into a group that opens another machine too', () => {
    const shown = interfaceWith([], [], { strangers: ['eni-2', 'eni-3', 'eni-4', 'eni-5'], ours: 'IDLE' })
    const { changes, refused } = guard({ put: [rule], groups: { ...noGroupChanges, ours: 'WEAR' } }, shown)
    expect(changes).toEqual({ remove: [], put: [], groups: noGroupChanges })
    expect(refused[0]?.fault.message).toContain('eni-2, eni-3, eni-4 and others')
  })
})
