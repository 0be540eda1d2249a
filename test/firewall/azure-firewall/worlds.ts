import fc from 'fast-check'
import { planFirewall } from '../../../src/firewall/azure-firewall/plan.ts'
import { applyChanges } from '../../../src/firewall/diff.ts'
import type { BoundaryFacts, LiveGrant, ProtectedMachine } from '../../../src/firewall/input.ts'
import { isOurs, type Rule } from '../../../src/firewall/rule.ts'
import type { Shown } from '../../../src/firewall/shown.ts'
import { grantId } from '../rules.ts'

export const front = '203.0.113.1'
export const other = '203.0.113.2'
const sourceTexts = ['198.51.100.0/24', '198.51.100.7/32', '192.0.2.9/32', '0.0.0.0/0']
const ports = [22, 53, 3389]
const protocol = fc.constantFrom('TCP' as const, 'UDP' as const, 'ANY' as const)
export const machineAddress = (nth: number) => `10.0.0.${String(4 + nth)}`

/** Sources of packets, one in each block that rules of these worlds name. */
export const packetSources = ['198.51.100.7', '198.51.100.8', '192.0.2.9', '8.8.8.8']

/** A NAT rule of somebody else: it publishes a web server, unless said otherwise. */
export const foreignNat = (given: Partial<Rule> = {}): Rule => ({
  name: 'published/web',
  description: '',
  priority: 200,
  access: 'ALLOW',
  protocol: 'TCP',
  sources: ['0.0.0.0/0'],
  sourcePorts: [{ first: 0, last: 65_535 }],
  destinations: [`${front}/32`],
  ports: [{ first: 443, last: 443 }],
  translatesTo: { address: '10.0.0.99', port: 8443 },
  ...given,
})

export const firewallFacts = (given: Partial<BoundaryFacts> = {}): BoundaryFacts => ({
  machines: [],
  grants: [],
  ended: [],
  known: [],
  publicAddresses: [front],
  ...given,
})

/** A firewall that shows these NAT rules, and whatever other collections have these priorities. */
export const showingNat = (rules: readonly Rule[], priorities: readonly number[] = []): Shown => ({
  kind: 'AZURE_FIREWALL',
  rules,
  ruleCount: rules.length,
  firewall: { priorities: [...new Set([...rules.map((rule) => rule.priority), ...priorities])] },
})

/** What a firewall shows after one pass. */
export function afterPass(facts: BoundaryFacts, present: readonly Rule[], priorities: readonly number[] = []): Rule[] {
  return applyChanges(present, planFirewall(facts, showingNat(present, priorities)).changes)
}

const machines: fc.Arbitrary<ProtectedMachine[]> = fc.subarray(
  [0, 1, 2].map((nth) => ({
    vmId: `vm-${String(nth)}`,
    addresses: [machineAddress(nth)],
    ports: [{ port: 22, protocol: 'TCP' as const }],
  })),
)

const grants: fc.Arbitrary<LiveGrant[]> = fc
  .array(
    fc.record({
      nth: fc.nat({ max: 2 }),
      port: fc.constantFrom(...ports),
      protocol,
      sources: fc.subarray(sourceTexts, { minLength: 1, maxLength: 2 }),
      minutes: fc.integer({ min: 5, max: 600 }),
    }),
    { maxLength: 8 },
  )
  .map((some) =>
    some.map(({ nth, minutes, ...rest }, index) => ({
      ...rest,
      grantId: grantId(index),
      vmId: `vm-${String(nth)}`,
      addresses: [machineAddress(nth)],
      endsAt: new Date(Date.UTC(2026, 0, 1) + minutes * 60_000).toISOString(),
    })),
  )

/** What one firewall is to open. */
export const facts: fc.Arbitrary<BoundaryFacts> = fc
  .record({ machines, grants, publicAddresses: fc.constantFrom([front], [front, other], [other]) })
  .map((given) => firewallFacts(given))

const foreign: fc.Arbitrary<Rule[]> = fc
  .array(
    fc.record({
      priority: fc.constantFrom(100, 101, 200, 65_000),
      protocol,
      sources: fc.constantFrom(...sourceTexts).map((text) => [text]),
      destinations: fc.constantFrom([`${front}/32`], [`${other}/32`]),
      ports: fc.constantFrom(
        [{ first: 443, last: 443 }],
        [{ first: 20_000, last: 40_000 }],
        [{ first: 30_000, last: 59_990 }],
      ),
      translatesTo: fc.constantFrom(
        { address: machineAddress(0), port: 22 },
        { address: '10.0.0.99', port: 8443 },
        { address: 'host.internal', port: 22 },
      ),
    }),
    { maxLength: 4 },
  )
  .map((some) =>
    some.map((given, index) => foreignNat({ ...given, name: `theirs-${String(given.priority)}/r${String(index)}` })),
  )

/** What somebody did to one of our rules behind our back. */
const tampering = fc.record({
  nth: fc.nat({ max: 20 }),
  how: fc.constantFrom<(rule: Rule) => Rule[]>(
    () => [],
    (rule) => [{ ...rule, sources: ['0.0.0.0/0'] }],
    (rule) => [{ ...rule, translatesTo: { address: machineAddress(1), port: 22 } }],
    (rule) => [{ ...rule, ports: [{ first: 20_022, last: 20_022 }] }],
    (rule) => [rule, { ...rule, name: `${rule.name}-copy` }],
    (rule) => [{ ...rule, name: rule.name.toUpperCase() }],
    (rule) => [{ ...rule, protocol: 'ANY' }],
  ),
})

/** The NAT rules of a firewall at some moment: foreign ones, and ours from an earlier time, perhaps tampered with. */
export const presentNat: fc.Arbitrary<Rule[]> = fc
  .tuple(foreign, foreign, facts, fc.array(tampering, { maxLength: 2 }))
  .map(([before, now, earlier, tamperings]) => {
    const ours = afterPass(earlier, before).filter(isOurs)
    for (const { nth, how } of tamperings)
      if (ours.length > 0) ours.splice(nth % ours.length, 1, ...how(ours[nth % ours.length] as Rule))
    return [...now, ...new Map(ours.map((rule) => [rule.name.toLowerCase(), rule])).values()]
  })
