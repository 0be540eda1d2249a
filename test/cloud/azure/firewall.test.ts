import { describe, expect, it } from 'vitest'
import { changedFirewall, readFirewall } from '../../../src/cloud/azure/firewall.ts'
import type { NatRule } from '../../../src/cloud/simulator/resource.ts'
import type { Rule } from '../../../src/firewall/rule.ts'
import { natCollection, natRule } from '../simulator/support/call.ts'
import { putting } from './support/connected.ts'
import { kinds } from './support/kinds.ts'

const id = '/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/azureFirewalls/FW'
const body = (natRuleCollections: readonly object[] = [], more: object = {}) => ({
  id,
  name: 'FW',
  etag: 'W/"1"',
  properties: { provisioningState: 'Succeeded', natRuleCollections, ...more },
})
const opening = (given: Partial<Rule> = {}) => kinds[1]?.opening(given) as Rule
const read = (rule: NatRule, collection = 'theirs') =>
  readFirewall(body([natCollection(collection, 200, rule)])).rules[0]

describe('a NAT rule', () => {
  it('is read with its public endpoint, its target and the priority of its collection', () => {
    expect(
      read(natRule('ssh', { description: 'for Bob', sourceAddresses: ['203.0.113.7', '198.51.100.0/24'] })),
    ).toEqual({
      name: 'theirs/ssh',
      description: 'for Bob',
      priority: 200,
      access: 'ALLOW',
      protocol: 'TCP',
      sources: ['203.0.113.7/32', '198.51.100.0/24'],
      sourcePorts: [{ first: 0, last: 65_535 }],
      destinations: ['203.0.113.1/32'],
      ports: [{ first: 2_022, last: 2_022 }],
      translatesTo: { address: '10.0.0.4', port: 22 },
    })
  })

  it.each([
    [['TCP'], 'TCP'],
    [['udp'], 'UDP'],
    [['UDP', 'TCP'], 'ANY'],
    [['Any'], 'ANY'],
    [['ICMP'], 'OTHER'],
  ])('of %j is for %s', (protocols, protocol) => {
    expect(read(natRule('x', { protocols }))?.protocol).toBe(protocol)
  })

  it('that lets in everybody, or a group of addresses, or sends to a name, says so', () => {
    const { translatedAddress: _, ...rest } = natRule('x', { sourceAddresses: ['*'], sourceIpGroups: ['/Groups/A'] })
    expect(read({ ...rest, translatedFqdn: 'host.internal' })).toMatchObject({
      sources: ['0.0.0.0/0', '/groups/a'],
      translatesTo: { address: 'host.internal', port: 22 },
    })
  })

  it('is ours by its collection and its name together', () => {
    const name = 'JitGateway-Allow-1'
    expect([read(natRule(name), 'JitGateway'), read(natRule(name), 'jitgateway')].map((rule) => rule?.name)).toEqual([
      name,
      name,
    ])
    expect(read(natRule(name), 'JitGateway-x')?.name).toBe(`JitGateway-x/${name}`)
    expect(read(natRule('by-hand'), 'JitGateway')?.name).toBe('JitGateway/by-hand')
  })

  it('of ours is written in the forms that Azure takes everywhere, and read back as it was', () => {
    const rule = opening({ sources: ['0.0.0.0/0'], protocol: 'ANY' })
    const written = changedFirewall(body(), putting(rule))
    expect(written['properties']).toMatchObject({
      natRuleCollections: [
        {
          name: 'JitGateway',
          properties: {
            priority: 100,
            action: { type: 'Dnat' },
            rules: [
              {
                protocols: ['TCP', 'UDP'],
                sourceAddresses: ['*'],
                destinationAddresses: ['203.0.113.1'],
                destinationPorts: ['20022'],
                translatedAddress: '10.0.0.4',
                translatedPort: '22',
              },
            ],
          },
        },
      ],
    })
    expect(readFirewall({ ...body(), ...written }).rules).toEqual([rule])
  })

  it('that translates nothing, or denies, is never written', () => {
    const { translatesTo: _, ...plain } = opening()
    for (const bad of [plain, opening({ access: 'DENY' }), opening({ protocol: 'OTHER' })])
      expect(() => changedFirewall(body(), putting(bad))).toThrow('none that a firewall can translate by')
  })
})

describe('the body of a firewall’s write', () => {
  const theirs = { ...natCollection('theirs', 300, natRule('a', { odd: [null] })), id: '/x', etag: 'W/"0"' }
  const ours = natCollection('JITGATEWAY', 150, natRule('by-hand'), natRule('jitgateway-1'), natRule('JitGateway-2'))

  it('is the answer that was read, in its order, but for our rules and what Azure works out itself', () => {
    const raw = {
      ...body([theirs, ours], { sku: { name: 'AZFW_VNet' }, ipGroups: [{ id: '/g' }], laterDay: [2] }),
      zones: ['1'],
    }
    const { properties, ...rest } = changedFirewall(raw, { remove: ['JitGateway-2'], put: [opening()] }) as unknown as {
      properties: {
        natRuleCollections: { name: string; properties: { priority: number; rules: { name: string }[] } }[]
      }
    }
    const { properties: _, ...whole } = raw
    expect(JSON.stringify(rest)).toBe(JSON.stringify(whole))
    expect(new Set(Object.keys(properties))).toEqual(new Set(['natRuleCollections', 'sku', 'laterDay']))
    const [first, second] = properties.natRuleCollections
    expect(JSON.stringify(first)).toBe(JSON.stringify(theirs))
    expect([second?.name, second?.properties.priority]).toEqual(['JITGATEWAY', 150])
    expect(second?.properties.rules.map(({ name }) => name)).toEqual(['by-hand', 'JitGateway-1'])
    expect(second?.properties.rules[0]).toEqual(natRule('by-hand'))
  })

  it('has no collection of ours when no rule is left in it', () => {
    const raw = body([theirs, natCollection('JitGateway', 150, natRule('JitGateway-1'))])
    expect(changedFirewall(raw, { remove: ['JitGateway-1'], put: [] })['properties']).toEqual({
      natRuleCollections: [theirs],
    })
  })
})

describe('what is no firewall', () => {
  it.each([
    [{}],
    [{ id, etag: 'W/"1"' }],
    [{ id, properties: { natRuleCollections: [] } }],
    [{ id, etag: 'W/"1"', properties: { natRuleCollections: {} } }],
    ['<html>'],
  ])('does not pass for one without rules: %j', (raw) => {
    expect(() => readFirewall(raw)).toThrow('no firewall')
  })

  it('may have no rules when a policy or a hub keeps them', () => {
    for (const keeper of ['firewallPolicy', 'virtualHub'])
      expect(readFirewall({ id, etag: 'W/"1"', properties: { [keeper]: { id: '/p' } } }).rules).toEqual([])
  })
})
