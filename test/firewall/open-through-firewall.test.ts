import { describe, expect, it } from 'vitest'
import { desiredRules } from '../../src/firewall/desired.ts'
import { lookFor, type LookedAtPath } from '../../src/firewall/look.ts'
import type { Rule } from '../../src/firewall/rule.ts'
import { foreignNat } from './azure-firewall/worlds.ts'
import { foreignRule, machine } from './rules.ts'

const address = '10.0.0.4'
const relaysFrom = ['10.9.0.0/26']
const ssh = (given: Partial<Rule> = {}) =>
  foreignNat({
    name: 'published/ssh',
    ports: [{ first: 2_201, last: 2_201 }],
    translatesTo: { address, port: 22 },
    ...given,
  })

/** What is open of a Linux machine behind a firewall with these rules, and behind a group with those if there is one. */
function open(nat: readonly Rule[], group?: readonly Rule[], given: Partial<LookedAtPath> = {}): string[] {
  const path: LookedAtPath = {
    addresses: [address],
    hasPublicAddress: false,
    groupIds: group === undefined ? [] : ['nsg'],
    gate: { boundaryId: 'fw', relaysFrom },
    ...given,
  }
  const rules = new Map([
    ['fw', nat],
    ['nsg', group ?? []],
  ])
  const [seen] = lookFor([{ os: 'LINUX', paths: [path] }], rules)
  const exposed = seen?.exposed.map(({ port, ruleName }) => `exposed ${String(port)} ${String(ruleName)}`) ?? []
  const ports = seen?.ports.map(({ first, last, protocol, rules: by }) =>
    [first === last ? first : `${String(first)}-${String(last)}`, protocol, ...by.map(({ ruleName }) => ruleName)].join(
      ' ',
    ),
  )
  return [...(ports ?? []), ...exposed]
}

describe('a port behind a firewall is open to any source', () => {
  it('by a rule of the firewall that sends everybody on to it: at the port of the machine, not the public one', () => {
    expect(open([ssh()])).toEqual(['22 TCP published/ssh', 'exposed 22 published/ssh'])
    expect(open([ssh({ protocol: 'ANY' })])).toEqual(['22 ANY published/ssh', 'exposed 22 published/ssh'])
    expect(open([ssh({ translatesTo: { address, port: 8_080 } })])).toEqual(['8080 TCP published/ssh'])
  })

  it('not by one for some sources, for another machine, or of ours', () => {
    expect(open([ssh({ sources: ['198.51.100.0/24'] })])).toEqual([])
    expect(open([ssh({ translatesTo: { address: '10.0.0.5', port: 22 } })])).toEqual([])
    expect(open([ssh({ name: 'JitGateway-Allow-1' })])).toEqual([])
    expect(open([ssh()], undefined, { addresses: ['fd00::4'] })).toEqual([])
  })

  it('where the groups behind it let in what comes from the firewall: by a rule of theirs, or by default', () => {
    const firewallOnly = foreignRule(300, { name: 'from-firewall', sources: ['10.9.0.0/24'] })
    const oneInstance = foreignRule(300, { name: 'from-instance', sources: ['10.9.0.5/32'] })
    const network = foreignRule(300, { name: 'from-network', sources: ['VirtualNetwork'] })
    for (const rule of [firewallOnly, oneInstance, network])
      expect(open([ssh()], [rule])).toEqual([`22 TCP published/ssh ${rule.name}`, `exposed 22 ${rule.name}`])
    expect(open([ssh()], [])).toEqual(['22 TCP published/ssh', 'exposed 22 published/ssh'])
  })

  it('not where they keep out all that comes from the firewall, but where they keep out some of it only', () => {
    const deny = (...sources: string[]) => foreignRule(200, { access: 'DENY', sources })
    for (const sources of [['*'], ['VirtualNetwork'], ['10.0.0.0/8'], ['10.9.0.0/26']])
      expect(open([ssh()], [deny(...sources)])).toEqual([])
    for (const sources of [['Internet'], ['10.9.0.0/27'], ['198.51.100.0/24']])
      expect(open([ssh()], [deny(...sources)])).toEqual(['22 TCP published/ssh', 'exposed 22 published/ssh'])
  })

  it('not once the port is protected', () => {
    const protecting = desiredRules({ machines: [machine()], grants: [] }, []).rules
    expect(open([ssh()], protecting)).toEqual([])
  })

  it('past the firewall where a group would let it in, or the machine has a public address of its own', () => {
    expect(open([], [])).toEqual([])
    expect(open([], [foreignRule(300, { ports: [{ first: 443, last: 443 }] })])).toEqual(['443 ANY Foreign-300'])
    expect(open([])).toEqual([])
    expect(open([], undefined, { hasPublicAddress: true })).toEqual(['1-65535 ANY', 'exposed 22 null'])
  })
})
