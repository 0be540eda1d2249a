import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { InventoryPage } from '../../src/cloud/port.ts'
import { startEc2Simulator, type Ec2Simulator } from '../../src/cloud/simulator/ec2/start.ts'
import type { RuleSketch } from '../../src/cloud/simulator/ec2/estate/sketch.ts'
import { lookFor } from '../../src/firewall/look.ts'
import type { OpenPorts } from '../../src/firewall/open-ports.ts'
import { opening } from '../cloud/aws/support/connected.ts'
import { accountId, connectEc2, smallEc2, type SmallEc2 } from '../support/ec2-estate.ts'

/** Each in another quarter of the internet of its family: no drawn rule tells apart more than quarters and some. */
const strangers = [
  ['9.9.9.9', '100.1.1.1', '150.1.1.1', '198.18.7.7'],
  ['2001:db9::1', '4001::1', '9001::1', 'd001::1'],
] as const
const ports = [1, 21, 22, 23, 80, 443, 444, 3_389, 8_080, 65_535]

const sources = fc.oneof(
  fc.constantFrom('0.0.0.0/0', '::/0'),
  fc.constantFrom('0.0.0.0/1', '128.0.0.0/1', '128.0.0.0/2', '192.0.0.0/2', '::/1', '8000::/1'),
  fc.constantFrom('203.0.113.0/24', '10.0.0.0/8', '2001:db8::/32', 'ssh', 'blue', 'pl-0a1b2c3d'),
)
const admits = fc.oneof(
  fc.record({
    protocol: fc.constantFrom('tcp', 'tcp', 'udp'),
    port: fc.constantFrom<[number, number]>([22, 22], [22, 443], [21, 23], [80, 80], [0, 65_535], [443, 8_080]),
  }),
  fc.record({ protocol: fc.constantFrom('-1', '-1', 'icmp', 'icmpv6', '47') }),
)
const rule = fc.tuple(admits, sources).map(([what, from]): RuleSketch => ({ ...what, from }))
/** Everybody, or nearly so, in parts that go to groups at random. */
const parts = fc
  .tuple(
    fc.constantFrom(
      ['0.0.0.0/1', '128.0.0.0/1'],
      ['0.0.0.0/1', '128.0.0.0/2', '192.0.0.0/2'],
      ['0.0.0.0/1', '192.0.0.0/2'],
      ['::/1', '8000::/1'],
    ),
    fc.array(admits, { minLength: 3, maxLength: 3 }),
    fc.boolean(),
  )
  .map(([cut, [same, ...others], alike]) =>
    cut.map((from, index): RuleSketch => ({ ...(alike ? same : (others[index] ?? same)), from })),
  )
const groupsOf = fc
  .tuple(fc.array(rule, { maxLength: 6 }), fc.oneof(fc.constant([]), parts), fc.infiniteStream(fc.nat(2)))
  .map(([some, cut, places]) => {
    const groups: Record<string, RuleSketch[]> = { red: [], blue: [], grey: [] }
    for (const one of [...some, ...cut]) {
      const own = Object.values(groups)[places.next().value ?? 0] ?? []
      if (!own.some((other) => JSON.stringify(other) === JSON.stringify(one))) own.push(one)
    }
    return groups
  })
const worn = fc.uniqueArray(fc.constantFrom('red', 'blue', 'grey'), { minLength: 1, maxLength: 3 })
const estate = fc.record({
  groups: groupsOf,
  machines: fc.tuple(worn, worn),
  interfaces: fc.integer({ min: 1, max: 2 }),
  ipv6: fc.boolean(),
  anybody: fc.ipV4(),
})

/** The ports of each machine that are said to be open to any source, by its id. */
function saidOf(pages: readonly InventoryPage[]): ReadonlyMap<string, readonly OpenPorts[]> {
  const boundaries = pages.flatMap((page) => (page.kind === 'boundaries' ? page.items : []))
  const byId = new Map(boundaries.map(({ boundaryId, rules: shown }) => [boundaryId, shown]))
  const interfaces = pages.flatMap((page) => (page.kind === 'interfaces' ? page.items : []))
  const machines = pages.flatMap((page) => (page.kind === 'virtualMachines' ? page.items : []))
  const looked = machines.map(({ os, interfaces: own }) => ({
    os,
    paths: own.map(({ id }) => ({
      addresses: interfaces
        .filter((one) => one.id === id)
        .flatMap(({ configurations }) => configurations.flatMap(({ address }) => address ?? [])),
      hasPublicAddress: false,
      groupIds: [id],
      gate: null,
    })),
  }))
  const seen = lookFor(looked, byId)
  return new Map(machines.map(({ id }, index) => [id, seen[index]?.ports ?? []]))
}

interface Question {
  readonly name: string
  readonly port: number
  readonly protocol: 'TCP' | 'UDP'
}

const questions: readonly Question[] = ['one', 'other'].flatMap((name) =>
  ports.flatMap((port) => [
    { name, port, protocol: 'TCP' as const },
    { name, port, protocol: 'UDP' as const },
  ]),
)

/** Whether the oracle lets all of them pass to one interface. */
function passesAll(simulator: Ec2Simulator, small: SmallEc2, question: Question, all: readonly string[]): boolean {
  const { instanceId, interfaceIds } = small.instance(question.name)
  return interfaceIds.some((interfaceId) =>
    all.every((source) => simulator.packetPasses({ ...question, instanceId, interfaceId, source }).passes),
  )
}

it('the ports of an instance that are said to be open are those by which EC2 lets any stranger in', async () => {
  await fc.assert(
    fc.asyncProperty(estate, async ({ groups, machines: [one, other], interfaces, ipv6, anybody }) => {
      const small = smallEc2(
        [
          { name: 'one', groups: one, interfaces, ipv6 },
          { name: 'other', groups: other },
        ],
        { groups, prefixLists: { 'pl-0a1b2c3d': ['198.51.100.0/24', '2001:db8:1::/48'] } },
      )
      const simulator = await startEc2Simulator({ estate: small.estate })
      try {
        const lets = (from: (families: typeof strangers) => readonly (readonly string[])[]) =>
          questions.map((question) => from(strangers).some((all) => passesAll(simulator, small, question, all)))
        const [letsAnyone, letsThis, letsV6] = [lets((all) => all), lets(() => [[anybody]]), lets(([, v6]) => [v6])]
        const cloud = connectEc2(simulator)
        // What is open by a rule of ours is a grant's.
        await cloud.apply(await cloud.observe(small.boundaryId('one')), opening(['0.0.0.0/0']))
        const said = saidOf(await Array.fromAsync(cloud.inventory(accountId)))
        for (const [index, { name, port, protocol }] of questions.entries()) {
          const isSaid = (said.get(small.vmId(name)) ?? []).some(
            (open) => open.first <= port && port <= open.last && [protocol, 'ANY'].includes(open.protocol),
          )
          expect({ name, port, protocol, open: isSaid }).toEqual({ name, port, protocol, open: letsAnyone[index] })
          if (isSaid) expect({ name, port, passes: letsThis[index] || letsV6[index] }).toMatchObject({ passes: true })
        }
      } finally {
        await simulator.stop()
      }
    }),
    { seed: 20261125, numRuns: 60 },
  )
}, 60_000)
