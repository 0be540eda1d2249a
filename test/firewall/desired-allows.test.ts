import { describe, expect, it } from 'vitest'
import { desiredRules } from '../../src/firewall/desired.ts'
import type { BoundaryInput } from '../../src/firewall/input.ts'
import type { Rule } from '../../src/firewall/rule.ts'
import { filler, foreignRule, grant, grantId, machine } from './rules.ts'

const allows = (rules: readonly Rule[]) => rules.filter((rule) => rule.access === 'ALLOW')

describe('a grant', () => {
  const opening = (...grants: BoundaryInput['grants']) => ({ machines: [machine()], grants })

  it('is one allow at the lowest free number, naming the grant and its end', () => {
    const { rules, owners } = desiredRules(opening(grant()), [foreignRule(100, { ports: [{ first: 80, last: 80 }] })])
    const [allow] = allows(rules)
    expect(allow).toEqual({
      name: expect.stringMatching(/^JitGateway-Allow-[0-9a-f]{32}$/),
      description: `JIT Gateway grant ${grantId(1)} until 2026-01-01T12:00:00.000Z.`,
      priority: 101,
      access: 'ALLOW',
      protocol: 'TCP',
      sources: ['203.0.113.7/32'],
      sourcePorts: [{ first: 0, last: 65_535 }],
      destinations: ['10.0.0.4/32'],
      ports: [{ first: 22, last: 22 }],
    })
    expect([...owners]).toEqual([[allow?.name, [grantId(1)]]])
  })

  it('shares the rule with those that open the same; the rule names the last to end', () => {
    const later = grant({ grantId: grantId(2), endsAt: '2026-01-01T13:00:00.000Z' })
    const { rules, owners } = desiredRules(opening(grant(), later, grant({ grantId: grantId(3) })), [])
    expect(allows(rules)).toHaveLength(1)
    expect(allows(rules)[0]?.description).toBe(
      `JIT Gateway grant ${grantId(2)} until 2026-01-01T13:00:00.000Z and 2 more.`,
    )
    expect([...owners.values()]).toEqual([[grantId(1), grantId(2), grantId(3)]])
  })

  it('has a rule of its own when its source, port, protocol or machine differs', () => {
    const { rules } = desiredRules(
      opening(
        grant(),
        grant({ grantId: grantId(2), sources: ['203.0.113.0/24'] }),
        grant({ grantId: grantId(3), port: 23 }),
        grant({ grantId: grantId(4), protocol: 'ANY' }),
        grant({ grantId: grantId(5), vmId: 'vm-2', addresses: ['10.0.0.5'] }),
      ),
      [],
    )
    expect(allows(rules).map((rule) => rule.priority)).toEqual([100, 101, 102, 103, 104])
  })

  it('is a rule for each address family that source and machine have in common', () => {
    const dual = grant({ addresses: ['10.0.0.4', 'fd00::4'], sources: ['0.0.0.0/0', '::/0'] })
    const summary = allows(desiredRules(opening(dual), []).rules).map((rule) =>
      [...rule.sources, ...rule.destinations].join(' to '),
    )
    expect(summary.toSorted()).toEqual(['0.0.0.0/0 to 10.0.0.4/32', '::/0 to fd00::4/128'])
  })

  it('cannot be opened without a family in common, and is told so', () => {
    const { rules, unplaced } = desiredRules(opening(grant({ sources: ['2001:db8::/32'] })), [])
    expect(allows(rules)).toEqual([])
    expect(unplaced).toEqual([
      { grantId: grantId(1), fault: { code: 'NO_ADDRESS_IN_COMMON', message: expect.stringContaining('family') } },
    ])
  })

  it('goes ahead of a foreign deny in its way, and whoever stands there without need makes room', () => {
    const elsewhere = grant({ grantId: grantId(2), vmId: 'vm-2', addresses: ['10.0.0.5'] })
    const first = desiredRules(opening(elsewhere), []).rules
    expect(allows(first)[0]?.priority).toBe(100)
    const deny = foreignRule(101, { access: 'DENY', sources: ['Internet'], destinations: ['10.0.0.4/32'] })
    const { rules } = desiredRules(opening(elsewhere, grant()), [...first, deny])
    expect(allows(rules).map((rule) => [rule.priority, rule.destinations])).toEqual([
      [100, ['10.0.0.4/32']],
      [102, ['10.0.0.5/32']],
    ])
  })

  it('goes ahead of the deny that had to overtake a foreign allow', () => {
    const { rules } = desiredRules(opening(grant()), [foreignRule(103)])
    expect(rules.map((rule) => [rule.priority, rule.access])).toEqual([
      [100, 'ALLOW'],
      [102, 'DENY'],
    ])
  })

  it('cannot be opened where no number is left ahead of the deny, and is told so; who was first stays', () => {
    const foreign = [foreignRule(102)]
    const first = desiredRules(opening(grant({ grantId: grantId(2), sources: ['203.0.113.9/32'] })), foreign).rules
    const { rules, unplaced, owners } = desiredRules(
      opening(grant({ grantId: grantId(2), sources: ['203.0.113.9/32'] }), grant()),
      [...foreign, ...first],
    )
    expect(rules).toEqual(first)
    expect([...owners.values()]).toEqual([[grantId(2)]])
    expect(unplaced).toEqual([
      { grantId: grantId(1), fault: { code: 'NO_FREE_PRIORITY', message: expect.stringContaining('below 101') } },
    ])
  })

  it('keeps its number while others come and go', () => {
    const [one, two] = [grant(), grant({ grantId: grantId(2), sources: ['203.0.113.9/32'] })]
    const both = desiredRules(opening(one, two), []).rules
    for (const left of [one, two]) {
      const rules = desiredRules(opening(left), both).rules
      expect(both).toEqual(expect.arrayContaining([...rules]))
    }
    expect(desiredRules(opening(one, two), both).rules).toEqual(both)
  })
})

it('the rule of a live grant that somebody moved out of the band stays there while the band is full', () => {
  const input = { machines: [], grants: [grant()] }
  const [moved] = desiredRules(input, []).rules.map((rule) => ({ ...rule, priority: 3_000 }))
  const { rules, unplaced } = desiredRules(input, [...filler(100, 899), moved as Rule])
  expect(rules).toEqual([moved])
  expect(unplaced).toHaveLength(1)
  expect(desiredRules(input, [...filler(101, 899), moved as Rule]).rules).toMatchObject([{ priority: 100 }])
})
