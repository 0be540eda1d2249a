import { describe, expect, it } from 'vitest'
import { desiredRules } from '../../src/firewall/desired.ts'
import type { BoundaryInput } from '../../src/firewall/input.ts'
import type { Rule } from '../../src/firewall/rule.ts'
import { filler, foreignRule, grant, machine } from './rules.ts'

const nothing: BoundaryInput = { machines: [], grants: [] }
const protecting = (...machines: BoundaryInput['machines']) => ({ ...nothing, machines })
const denies = (rules: readonly Rule[]) => rules.filter((rule) => rule.access === 'DENY')

describe('what is protected', () => {
  it('is closed to everybody by one deny in the deny band', () => {
    const { rules } = desiredRules(protecting(machine()), [])
    expect(rules).toEqual([
      {
        name: expect.stringMatching(/^JitGateway-Deny-[0-9a-f]{32}$/),
        description: 'JIT Gateway keeps these ports closed to whoever holds no grant.',
        priority: 900,
        access: 'DENY',
        protocol: 'TCP',
        sources: ['*'],
        sourcePorts: [{ first: 0, last: 65_535 }],
        destinations: ['10.0.0.4/32'],
        ports: [{ first: 22, last: 22 }],
      },
    ])
  })

  it('is closed by one deny for all machines with the same ports, and its name stays when machines come', () => {
    const one = desiredRules(protecting(machine()), []).rules
    const two = desiredRules(protecting(machine(), machine({ vmId: 'vm-2', addresses: ['10.0.0.5'] })), []).rules
    expect(two).toEqual([{ ...one[0], destinations: ['10.0.0.4/32', '10.0.0.5/32'] }])
  })

  it('is closed by several denies where protocols, ports or address families differ', () => {
    const windows = machine({
      vmId: 'vm-2',
      addresses: ['10.0.0.5', 'fd00::5'],
      ports: [
        { port: 5986, protocol: 'TCP' },
        { port: 3389, protocol: 'ANY' },
        { port: 5985, protocol: 'TCP' },
      ],
    })
    const { rules } = desiredRules(protecting(machine(), windows), [])
    const summary = rules.map((rule) =>
      [rule.protocol, ...rule.destinations, ...rule.ports.map((port) => port.first)].join(' '),
    )
    expect(summary.toSorted()).toEqual([
      'ANY 10.0.0.5/32 3389',
      'ANY fd00::5/128 3389',
      'TCP 10.0.0.4/32 22',
      'TCP 10.0.0.5/32 5985 5986',
      'TCP fd00::5/128 5985 5986',
    ])
    expect(rules.map((rule) => rule.priority)).toEqual([900, 901, 902, 903, 904])
  })

  it('keeps the number its deny has in the band', () => {
    const [deny] = desiredRules(protecting(machine()), []).rules as [Rule]
    const moved = { ...deny, priority: 950 }
    expect(desiredRules(protecting(machine()), [moved]).rules).toEqual([moved])
  })
})

describe('a foreign allow ahead of a deny', () => {
  const numberOf = (...present: Rule[]) => denies(desiredRules(protecting(machine()), present).rules)[0]?.priority

  it('is overtaken: the deny stands at the highest free number ahead of it', () => {
    expect(numberOf(foreignRule(300, { name: 'AllowSsh', ports: [{ first: 22, last: 22 }] }))).toBe(299)
    expect(numberOf(foreignRule(300), foreignRule(299, { access: 'DENY', sources: ['192.0.2.0/24'] }))).toBe(298)
  })

  it('is overtaken within the band where it stands there', () => {
    expect(numberOf(foreignRule(905))).toBe(900)
    expect(numberOf(foreignRule(900))).toBe(899)
  })

  it('counts when its source or destination is something only the cloud can resolve', () => {
    expect(numberOf(foreignRule(300, { sources: ['VirtualNetwork'] }))).toBe(299)
    expect(numberOf(foreignRule(300, { destinations: ['/subscriptions/s/applicationsecuritygroups/web'] }))).toBe(299)
  })

  it.each([
    ['another port', { ports: [{ first: 80, last: 443 }] }],
    ['another protocol', { protocol: 'UDP' }],
    ['a protocol without ports', { protocol: 'OTHER' }],
    ['another machine', { destinations: ['10.0.0.5/32'] }],
    ['the other address family', { sources: ['2001:db8::/32'] }],
  ] as const)('does not matter when it is for %s', (_, given) => {
    expect(numberOf(foreignRule(300, given))).toBe(900)
  })

  it('does not matter behind a foreign deny that stops everybody it lets in', () => {
    const allow = foreignRule(300, { sources: ['192.0.2.0/28'] })
    expect(numberOf(foreignRule(200, { access: 'DENY' }), allow)).toBe(900)
    expect(numberOf(foreignRule(200, { access: 'DENY', sources: ['192.0.2.0/24'] }), allow)).toBe(900)
    expect(numberOf(foreignRule(200, { access: 'DENY', sources: ['198.51.100.0/24'] }), allow)).toBe(299)
  })

  it('stays ahead when there is no number before it; the next one is overtaken all the same', () => {
    expect(numberOf(foreignRule(100))).toBe(900)
    expect(numberOf(foreignRule(100), foreignRule(500))).toBe(499)
  })

  it('is not overtaken at the price of a grant that is open', () => {
    const input = { machines: [machine()], grants: [grant()] }
    const open = desiredRules(input, []).rules
    const allow = foreignRule(101)
    expect(denies(desiredRules(input, [...open, allow]).rules)[0]?.priority).toBe(900)
    expect(denies(desiredRules({ ...input, grants: [] }, [...open, allow]).rules)[0]?.priority).toBe(100)
  })
})

describe('a full deny band', () => {
  it('is left for the numbers behind it, unless a foreign allow stands between', () => {
    const full = filler(900, 999)
    const numberOf = (...more: Rule[]) => denies(desiredRules(protecting(machine()), [...full, ...more]).rules)[0]
    expect(numberOf()?.priority).toBe(1_000)
    expect(numberOf(foreignRule(1_000))?.priority).toBe(899)
    expect(numberOf(foreignRule(1_005))?.priority).toBe(1_000)
  })
})
