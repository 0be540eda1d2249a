import { describe, expect, it } from 'vitest'
import type { RuleSketch } from '../../../src/cloud/simulator/estate/rule-sketch.ts'
import type { MachineSketch, NatSketch } from '../../../src/cloud/simulator/estate/sketch.ts'
import type { PublicPacketQuestion } from '../../../src/cloud/simulator/oracle/public-packet.ts'
import { fwId, simulated } from './support/simulated.ts'

const home = '203.0.113.7'
const front = '203.0.113.1'
const ssh: NatSketch = { name: 'ssh', sources: [home], port: 2022, to: 'web', toPort: 22 }

/** A machine `web` behind a firewall with these NAT rules. */
async function behind(
  nat: readonly NatSketch[],
  machine: Partial<MachineSketch> = {},
  others: readonly MachineSketch[] = [],
) {
  const all = await simulated(
    [{ name: 'web', ...machine }, ...others],
    {},
    { name: 'fw', publicAddresses: [front], nat },
  )
  const ask = (more: Partial<PublicPacketQuestion> = {}) =>
    all.simulator.packetArrives({ address: front, port: 2022, source: home, protocol: 'TCP', ...more })
  return { ...all, ask }
}

describe('a packet to a firewall', () => {
  it('goes to the machine and port that the first NAT rule for it says', async () => {
    const { ask, machine } = await behind([ssh])
    expect(ask()).toEqual({ passes: true, reached: { vmId: machine('web').vmId, port: 22 }, stoppedBy: null })
  })

  it.each([
    ['from elsewhere', { source: '203.0.113.8' }],
    ['to another port', { port: 2023 }],
    ['of another protocol', { protocol: 'UDP' }],
  ] as const)('%s is stopped: no rule is for it', async (_, more) => {
    const { ask } = await behind([ssh])
    expect(ask(more)).toEqual({
      passes: false,
      reached: null,
      stoppedBy: { boundaryId: fwId.toLowerCase(), rule: null },
    })
  })

  it.each([
    [['*'], '192.0.2.1', true],
    [['203.0.113.0/24', '192.0.2.0/24'], '192.0.2.1', true],
    [['203.0.113.0/24'], '192.0.2.1', false],
  ])('from one of %j: %s passes is %s', async (sources, source, passes) => {
    const { ask } = await behind([{ ...ssh, sources }])
    expect(ask({ source }).passes).toBe(passes)
  })

  it('meets collections by priority, and rules in their order', async () => {
    const { ask, simulator, machine } = await behind([ssh, { ...ssh, name: 'second', to: 'other' }], {}, [
      { name: 'other' },
    ])
    expect(ask().reached?.vmId).toBe(machine('web').vmId)
    simulator.editFirewall(fwId, ({ properties: { natRuleCollections: collections } }) => {
      const [first] = collections
      const [, second] = first?.properties.rules ?? []
      if (first === undefined || second === undefined) throw new Error('the firewall has no rules')
      collections.push({ ...first, name: 'ahead', properties: { ...first.properties, priority: 150, rules: [second] } })
    })
    expect(ask().reached?.vmId).toBe(machine('other').vmId)
  })

  it('has the address of the firewall when it comes to the groups: a rule for its sender does not let it in', async () => {
    const only = (source: string): RuleSketch[] => [
      { name: 'theirs', priority: 100, source, ports: '22' },
      { name: 'rest', priority: 4_096, access: 'Deny', protocol: '*' },
    ]
    const closed = await behind([ssh], { rules: only(home) })
    expect(closed.ask()).toMatchObject({
      passes: false,
      reached: { port: 22 },
      stoppedBy: { boundaryId: closed.machine('web').subnetNsgId, rule: 'rest' },
    })
    expect((await behind([ssh], { rules: only('10.0.15.192/26') })).ask().passes).toBe(true)
  })

  it('may have the address of any instance: a rule for some of them is not enough', async () => {
    const rules: RuleSketch[] = [
      { name: 'half', priority: 100, source: '10.0.15.192/27', ports: '22' },
      { name: 'rest', priority: 4_096, access: 'Deny', protocol: '*' },
    ]
    expect((await behind([ssh], { rules })).ask().passes).toBe(false)
  })

  it('meets the groups of the subnet and of the interface', async () => {
    const nicRules: RuleSketch[] = [{ name: 'shut', priority: 100, access: 'Deny', ports: '22' }]
    const { ask, machine } = await behind([ssh], { nsgs: 'both', nicRules })
    expect(ask().stoppedBy).toEqual({ boundaryId: machine('web').nicNsgIds[0], rule: 'shut' })
  })

  it('goes nowhere when the machine has gone', async () => {
    const { ask, simulator, machine } = await behind([ssh])
    simulator.removeMachine(machine('web').vmId)
    expect(ask()).toMatchObject({ passes: false, reached: null })
  })
})

describe('a packet to another public address', () => {
  const rules: RuleSketch[] = [{ name: 'ssh', priority: 100, source: home, ports: '22' }]

  it('of a machine passes by the firewall, and meets the groups with its own source', async () => {
    const { ask, machine } = await behind([], { publicAddress: '203.0.113.50', rules })
    const own = { address: '203.0.113.50', port: 22 }
    expect(ask(own)).toEqual({ passes: true, reached: { vmId: machine('web').vmId, port: 22 }, stoppedBy: null })
    expect(ask({ ...own, source: '192.0.2.1' })).toMatchObject({ passes: false, stoppedBy: { rule: 'DenyAllInBound' } })
  })

  it('that nobody has goes nowhere', async () => {
    const { ask } = await behind([ssh])
    expect(ask({ address: '203.0.113.99' })).toEqual({ passes: false, reached: null, stoppedBy: null })
  })
})
