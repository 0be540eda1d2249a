import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readRule, writeRule } from '../../../src/cloud/azure/map-rule.ts'
import { readRule as validate } from '../../../src/cloud/simulator/group/validate-rule.ts'
import type { Rule } from '../../../src/firewall/rule.ts'
import { sameRule } from '../../../src/firewall/same.ts'
import { ourRule } from './support/connected.ts'

const port = fc.integer({ min: 1, max: 65_535 })
const ranges = fc.oneof(
  fc.constant([{ first: 0, last: 65_535 }]),
  fc.array(
    fc.tuple(port, port).map(([one, other]) => ({ first: Math.min(one, other), last: Math.max(one, other) })),
    { minLength: 1, maxLength: 4 },
  ),
)
const byte = fc.integer({ min: 0, max: 255 })
const v4 = fc.tuple(byte, byte, byte).map(([a, b, c]) => `${a}.${b}.${c}.0/24`)
const v6 = fc.integer({ min: 1, max: 0xffff }).map((group) => `2001:db8:${group.toString(16)}::/48`)
const sides = fc
  .constantFrom(v4, v6)
  .chain((family) => {
    const side = fc.oneof(fc.constant(['*']), fc.uniqueArray(family, { minLength: 1, maxLength: 4 }))
    return fc.tuple(side, side)
  })
  .map(([sources, destinations]) => ({ sources, destinations }))
const anyRule: fc.Arbitrary<Rule> = fc
  .record({
    name: fc.integer({ min: 0 }).map((number) => `JitGateway-${number}`),
    description: fc.string({ maxLength: 140 }),
    priority: fc.integer({ min: 100, max: 4096 }),
    access: fc.constantFrom('ALLOW' as const, 'DENY' as const),
    protocol: fc.constantFrom('TCP' as const, 'UDP' as const, 'ANY' as const),
    sourcePorts: ranges,
    ports: ranges,
    sides,
  })
  .map(({ sides: both, ...rule }) => ({ ...rule, ...both }))

const raw = (properties: object, name = 'theirs') => ({
  name,
  properties: {
    access: 'Allow',
    direction: 'Inbound',
    priority: 300,
    protocol: 'Tcp',
    sourceAddressPrefix: '*',
    sourcePortRange: '*',
    destinationAddressPrefix: '*',
    destinationPortRange: '22',
    ...properties,
  },
})
const everyPort = [{ first: 0, last: 65_535 }]

describe('a rule of ours', () => {
  it('says the same when it comes back, and is one that Azure takes', () => {
    fc.assert(
      fc.property(anyRule, (rule) => {
        const written = JSON.parse(JSON.stringify(writeRule(rule))) as unknown
        const back = readRule(written)
        expect(back !== null && sameRule(back, rule)).toBe(true)
        validate('/group', written)
      }),
    )
  })

  it('has one value in the singular field and several in the plural one', () => {
    const { properties } = writeRule(
      ourRule({
        sources: ['203.0.113.7/32', '198.51.100.0/24'],
        ports: [
          { first: 22, last: 22 },
          { first: 5985, last: 5986 },
        ],
      }),
    )
    expect(properties).toEqual({
      description: 'until noon',
      direction: 'Inbound',
      access: 'Allow',
      priority: 100,
      protocol: 'Tcp',
      sourceAddressPrefixes: ['203.0.113.7/32', '198.51.100.0/24'],
      sourcePortRange: '*',
      destinationAddressPrefix: '*',
      destinationPortRanges: ['22', '5985-5986'],
    })
  })

  it('is not written with a protocol that would have to be widened to all', () => {
    expect(() => writeRule(ourRule({ protocol: 'OTHER' }))).toThrow('cannot be written')
  })
})

describe('a rule of somebody else', () => {
  it.each<[string, object, Partial<Rule>]>([
    ['with a bare address', { sourceAddressPrefix: '203.0.113.7' }, { sources: ['203.0.113.7/32'] }],
    ['with an address in another spelling', { sourceAddressPrefix: '2001:DB8:0::7' }, { sources: ['2001:db8::7/128'] }],
    ['for every IPv4 address', { sourceAddressPrefix: '0.0.0.0/0' }, { sources: ['0.0.0.0/0'] }],
    ['with a service tag', { sourceAddressPrefix: 'Internet' }, { sources: ['Internet'] }],
    ['with host bits set', { sourceAddressPrefix: '10.0.0.5/24' }, { sources: ['10.0.0.5/24'] }],
    [
      'with both fields, the singular one empty',
      { sourceAddressPrefix: '', sourceAddressPrefixes: ['10.0.0.0/8', '192.0.2.1'] },
      { sources: ['10.0.0.0/8', '192.0.2.1/32'] },
    ],
    [
      'with the plural fields empty, as Azure answers them',
      { sourceAddressPrefixes: [], destinationPortRanges: [], sourcePortRanges: [], destinationAddressPrefixes: [] },
      { sources: ['*'], ports: [{ first: 22, last: 22 }] },
    ],
    [
      'with application security groups',
      {
        sourceAddressPrefix: undefined,
        sourceApplicationSecurityGroups: [{ id: '/subscriptions/S/ASG-Web' }],
        destinationAddressPrefix: null,
        destinationApplicationSecurityGroups: [{ id: '/subscriptions/S/ASG-Db' }],
      },
      { sources: ['/subscriptions/s/asg-web'], destinations: ['/subscriptions/s/asg-db'] },
    ],
    ['for every port', { destinationPortRange: '*' }, { ports: everyPort }],
    [
      'for ports and ranges of them',
      { destinationPortRange: undefined, destinationPortRanges: ['22', '8000-8100'] },
      {
        ports: [
          { first: 22, last: 22 },
          { first: 8000, last: 8100 },
        ],
      },
    ],
    ['of any protocol', { protocol: '*' }, { protocol: 'ANY' }],
    ['of a protocol in capitals', { protocol: 'UDP' }, { protocol: 'UDP' }],
    ['of a protocol without ports', { protocol: 'Icmp', destinationPortRange: '*' }, { protocol: 'OTHER' }],
    ['that denies, in lower case', { access: 'deny', direction: 'inbound' }, { access: 'DENY' }],
    ['without a description', {}, { description: '' }],
    ['with properties of a later day', { somethingNew: { deep: true } }, { priority: 300 }],
  ])('%s is read', (_, properties, expected) => {
    expect(readRule(raw(properties))).toMatchObject(expected)
  })

  it('that goes out is none of ours to judge', () => {
    expect(readRule(raw({ direction: 'Outbound' }))).toBeNull()
  })

  it('keeps the case of its name', () => {
    expect(readRule(raw({}, 'jitGATEWAY-1'))?.name).toBe('jitGATEWAY-1')
  })
})
