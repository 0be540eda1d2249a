import fc from 'fast-check'
import { applyChanges } from '../../src/firewall/diff.ts'
import type { BoundaryInput, LiveGrant, ProtectedMachine } from '../../src/firewall/input.ts'
import { planNetworkSecurityGroup } from '../../src/firewall/network-security-group.ts'
import { isOurs, type Rule } from '../../src/firewall/rule.ts'
import { filler, foreignRule, grantId } from './rules.ts'

/** Small worlds in which everything is in everything's way. */
const sourceTexts = [
  '203.0.113.0/24',
  '203.0.113.7/32',
  '198.51.100.0/24',
  '10.0.0.0/8',
  '0.0.0.0/0',
  '2001:db8::/32',
  '2001:db8::7/128',
  '::/0',
]
const ports = [22, 53, 3389]
const protocol = fc.constantFrom('TCP' as const, 'UDP' as const, 'ANY' as const)
const tags = ['Internet', 'VirtualNetwork', 'asg-1']

/** Sources of packets, one in each block that rules of these worlds name. */
export const packetSources = [
  '203.0.113.7',
  '203.0.113.9',
  '198.51.100.1',
  '10.9.9.9',
  '192.0.2.1',
  '2001:db8::7',
  '2001:db8::9',
  'fd99::1',
]

/** Which tags and groups both ends of a packet belong to. */
export const membership = fc.subarray(tags).map((some) => new Set(some))

const machineAddresses = (nth: number) => [`10.0.0.${4 + nth}`, `10.0.1.${4 + nth}`, `fd00::${4 + nth}`]

const machines: fc.Arbitrary<ProtectedMachine[]> = fc
  .tuple(
    ...[0, 1, 2].map((nth) =>
      fc.record({
        vmId: fc.constant(`vm-${nth}`),
        addresses: fc.subarray(machineAddresses(nth), { minLength: 1 }),
        ports: fc.uniqueArray(fc.record({ port: fc.constantFrom(...ports), protocol }), {
          selector: (port) => `${port.port} ${port.protocol}`,
          minLength: 1,
          maxLength: 3,
        }),
      }),
    ),
  )
  .chain((all) => fc.subarray(all))

const grants: fc.Arbitrary<LiveGrant[]> = fc
  .array(
    fc.record({
      nth: fc.nat({ max: 3 }),
      addressed: fc.subarray([0, 1, 2], { minLength: 1 }),
      port: fc.constantFrom(...ports),
      protocol,
      sources: fc.subarray(sourceTexts, { minLength: 1, maxLength: 3 }),
      minutes: fc.integer({ min: 5, max: 600 }),
    }),
    { maxLength: 8 },
  )
  .map((some) =>
    some.map(({ nth, addressed, minutes, ...rest }, index) => ({
      ...rest,
      grantId: grantId(index),
      vmId: `vm-${nth}`,
      addresses: machineAddresses(nth).filter((_, at) => addressed.includes(at)),
      endsAt: new Date(Date.UTC(2026, 0, 1) + minutes * 60_000).toISOString(),
    })),
  )

/** What one boundary is to protect and to open. */
export const input: fc.Arbitrary<BoundaryInput> = fc.record({ machines, grants })

const scarce = [100, 101, 102, 103, 104, 105, 110, 500, 899, 900, 901, 950, 999, 1000, 1001, 4096]
const side = fc.oneof(
  fc.constant(['*']),
  fc.constantFrom(...tags).map((tag) => [tag]),
)
const foreign: fc.Arbitrary<Rule[]> = fc
  .uniqueArray(
    fc.record({
      priority: fc.oneof(fc.constantFrom(...scarce), fc.integer({ min: 100, max: 4096 })),
      access: fc.constantFrom('ALLOW' as const, 'DENY' as const),
      protocol: fc.oneof(protocol, fc.constant('OTHER' as const)),
      sources: fc.oneof(
        side,
        fc.constantFrom(...sourceTexts).map((text) => [text]),
      ),
      destinations: fc.oneof(side, fc.constantFrom(['10.0.0.0/24'], ['10.0.0.4/32', '10.0.1.5/32'], ['fd00::/64'])),
      ports: fc.constantFrom(
        [{ first: 0, last: 65_535 }],
        [{ first: 22, last: 22 }],
        [
          { first: 20, last: 30 },
          { first: 3_000, last: 4_000 },
        ],
      ),
    }),
    { selector: (rule) => rule.priority, maxLength: 8 },
  )
  .map((rules) => rules.map(({ priority, ...given }) => foreignRule(priority, given)))

/** Foreign rules, now and then with so many more of no consequence that hardly a number is free. */
const foreignRules = fc
  .tuple(foreign, fc.constantFrom<readonly [number, number] | null>(null, null, [100, 896], [900, 999]))
  .map(([rules, wall]) => {
    const taken = new Set(rules.map((rule) => rule.priority))
    const walled = wall === null ? [] : filler(...wall).filter((rule) => !taken.has(rule.priority))
    return [...rules, ...walled]
  })

/** What somebody did to one of our rules behind our back. */
const tampering = fc.record({
  nth: fc.nat({ max: 20 }),
  how: fc.constantFrom<(rule: Rule) => Rule[]>(
    () => [],
    (rule) => [{ ...rule, sources: ['*'] }],
    (rule) => [{ ...rule, access: rule.access === 'ALLOW' ? 'DENY' : 'ALLOW' }],
    (rule) => [{ ...rule, name: `${rule.name}-copy`, priority: 3_999 }],
    (rule) => [{ ...rule, name: rule.name.toUpperCase() }],
    (rule) => [{ ...rule, priority: 3_998 }],
  ),
})

/** The rules of a boundary at some moment: foreign ones, and ours from an earlier time, perhaps tampered with. */
export const presentRules: fc.Arbitrary<Rule[]> = fc
  .tuple(foreignRules, foreignRules, input, fc.array(tampering, { maxLength: 2 }))
  .map(([before, now, earlier, tamperings]) => {
    const ours = afterPlan(earlier, before).filter(isOurs)
    for (const { nth, how } of tamperings)
      if (ours.length > 0) ours.splice(nth % ours.length, 1, ...how(ours[nth % ours.length] as Rule))
    const taken = new Set(now.map((rule) => rule.priority))
    const standing = new Map(ours.filter((rule) => !taken.has(rule.priority)).map((rule) => [rule.priority, rule]))
    return [...now, ...standing.values()]
  })

/** What a boundary shows after one pass. */
export function afterPlan(wanted: BoundaryInput, present: readonly Rule[]): Rule[] {
  return applyChanges(present, planNetworkSecurityGroup(wanted, observed(present)).changes)
}

/** An observation of a boundary without outbound rules. */
export function observed(rules: readonly Rule[]): { rules: readonly Rule[]; ruleCount: number } {
  return { rules, ruleCount: rules.length }
}
