import { describe, expect, it } from 'vitest'
import type { RuleSketch } from '../../../src/cloud/simulator/estate/rule-sketch.ts'
import type { MachineSketch } from '../../../src/cloud/simulator/estate/sketch.ts'
import type { PacketQuestion } from '../../../src/cloud/simulator/oracle/oracle.ts'
import type { IpConfiguration, NetworkInterface, VirtualNetwork } from '../../../src/cloud/simulator/resource.ts'
import { simulated, webGroup, type Simulated } from './support/simulated.ts'

const home = '203.0.113.7'

/** Asks whether a packet reaches a machine: SSH to `web` from the internet, unless said otherwise. */
function asker({ simulator, machine }: Simulated) {
  return (more: Partial<PacketQuestion> & { readonly to?: string } = {}) => {
    const { to = 'web', ...question } = more
    const base = { vmId: machine(to).vmId, source: home, port: 22, protocol: 'TCP' } as const
    return simulator.packetPasses({ ...base, ...question })
  }
}

/** Of a machine `web` whose subnet's group has these rules. */
async function behind(...rules: readonly RuleSketch[]) {
  const all = await simulated([{ name: 'web', rules }])
  const ask = asker(all)
  return { ...all, ask, passes: (more?: Partial<PacketQuestion>) => ask(more).passes }
}

const ssh: RuleSketch = { name: 'ssh', priority: 300, ports: '22' }

describe('the default rules', () => {
  it('let in whatever comes from the network, and the load balancer; nothing else', async () => {
    const { ask, machine } = await behind()
    const neighbour = machine('web').addresses[0]?.replace(/\d+$/, '9') ?? ''
    expect(ask({ source: neighbour }).passes).toBe(true)
    expect(ask({ source: '168.63.129.16' }).passes).toBe(true)
    expect(ask()).toEqual({ passes: false, stoppedBy: { boundaryId: webGroup.toLowerCase(), rule: 'DenyAllInBound' } })
  })

  it('let in peers of the network too', async () => {
    const { ask, simulator, machine } = await behind()
    expect(ask({ source: '172.16.0.4' }).passes).toBe(false)
    const networkId = machine('web').subnetId.split('/subnets/')[0] ?? ''
    const network = simulator.read(networkId) as VirtualNetwork
    const peerId = `${networkId}-peer`
    const addressSpace = { addressPrefixes: ['172.16.0.0/16'] }
    simulator.add(
      { ...network, id: peerId, name: 'peer', properties: { ...network.properties, subnets: [], addressSpace } },
      {
        ...network,
        properties: {
          ...network.properties,
          virtualNetworkPeerings: [{ properties: { remoteVirtualNetwork: { id: peerId } } }],
        },
      },
    )
    expect(ask({ source: '172.16.0.4' }).passes).toBe(true)
  })

  it('do not exist where there is no group', async () => {
    const all = await simulated([{ name: 'web', nsgs: 'none' }])
    expect(asker(all)()).toEqual({ passes: true, stoppedBy: null })
  })
})

describe('the rules of a group', () => {
  it('are asked by priority, lowest number first, however they are listed: the first that matches decides', async () => {
    const deny: RuleSketch = { name: 'deny', priority: 200, access: 'Deny', protocol: '*' }
    expect((await behind(ssh, deny)).ask().stoppedBy?.rule).toBe('deny')
    expect((await behind({ ...deny, priority: 301 }, ssh)).passes()).toBe(true)
    expect((await behind({ ...deny, priority: 301 }, { ...ssh, ports: '23' })).ask().stoppedBy?.rule).toBe('deny')
  })

  it('can stop the neighbours, ahead of the default rule that lets them in', async () => {
    const { ask, machine } = await behind({ name: 'deny', priority: 4096, access: 'Deny', source: 'VirtualNetwork' })
    expect(ask({ source: machine('web').addresses[0] ?? '' }).stoppedBy?.rule).toBe('deny')
  })

  it('for traffic that goes out do not count', async () => {
    expect((await behind({ ...ssh, direction: 'Outbound' })).passes()).toBe(false)
  })

  it.each([
    ['22', 22, true],
    ['22', 23, false],
    ['20-22', 22, true],
    ['20-22', 20, true],
    ['20-22', 19, false],
    [['80', '5985-5986'], 5986, true],
    [['80', '5985-5986'], 81, false],
    ['*', 65_535, true],
  ] as const)('for ports %j: port %i passes is %s', async (ports, port, passes) => {
    expect((await behind({ ...ssh, ports })).passes({ port })).toBe(passes)
  })

  it.each([
    ['Tcp', 'TCP', true],
    ['Tcp', 'UDP', false],
    ['Udp', 'UDP', true],
    ['*', 'UDP', true],
    ['Icmp', 'ICMP', true],
    ['Tcp', 'ICMP', false],
  ] as const)('for protocol %s: %s passes is %s', async (protocol, asked, passes) => {
    expect((await behind({ ...ssh, protocol })).passes({ protocol: asked })).toBe(passes)
  })

  it.each([
    [home, home, true],
    [home, '203.0.113.8', false],
    ['203.0.113.0/24', home, true],
    [['198.51.100.0/24', '203.0.113.4/30'], home, true],
    [['198.51.100.0/24', '203.0.113.8/30'], home, false],
    ['Internet', home, true],
    ['internet', home, true],
    ['Internet', '168.63.129.16', false],
    ['VirtualNetwork', home, false],
    ['AzureLoadBalancer', home, false],
    ['Storage.WestEurope', home, false],
    ['0.0.0.0/0', home, true],
    ['2001:db8::/32', home, false],
  ] as const)('for source %j: %s passes is %s', async (source, from, passes) => {
    const rules: RuleSketch[] = [
      { ...ssh, source },
      { name: 'deny', priority: 4096, access: 'Deny', protocol: '*' },
    ]
    expect((await behind(...rules)).passes({ source: from })).toBe(passes)
  })

  it('can be for one destination: a private address of the machine', async () => {
    const machines: MachineSketch[] = [
      { name: 'web', subnet: 'shared', rules: [{ ...ssh, destination: '10.0.0.4' }] },
      { name: 'db', subnet: 'shared' },
    ]
    const all = await simulated(machines)
    expect(all.machine('web').addresses).toEqual(['10.0.0.4'])
    expect([asker(all)().passes, asker(all)({ to: 'db' }).passes]).toEqual([true, false])
  })

  it('can be for the ports a packet comes from', async () => {
    const { simulator, passes } = await behind(ssh)
    simulator.edit(webGroup, ({ properties: { securityRules } }) => {
      for (const { properties } of securityRules) properties.sourcePortRange = '1000-1999'
    })
    expect([passes({ sourcePort: 1_500 }), passes({ sourcePort: 2_000 })]).toEqual([true, false])
  })

  it('can name application security groups on both sides', async () => {
    const all = await simulated([{ name: 'web' }, { name: 'admin' }, { name: 'other' }])
    const ask = asker(all)
    const join = (name: string, group: string) => {
      const nic = all.simulator.read(all.machine(name).nicIds[0] ?? '') as NetworkInterface
      for (const { properties } of nic.properties.ipConfigurations)
        properties.applicationSecurityGroups = [{ id: group.toUpperCase() }]
      all.simulator.add(nic)
    }
    const [webs, admins] = ['/asg/webs', '/asg/admins'] as const
    join('web', webs)
    join('admin', admins)
    all.simulator.edit(webGroup, ({ id, properties }) => {
      const common = { direction: 'Inbound', protocol: '*', sourcePortRange: '*', destinationPortRange: '*' }
      const sides = {
        sourceApplicationSecurityGroups: [{ id: admins }],
        destinationApplicationSecurityGroups: [{ id: webs }],
      }
      const everywhere = { sourceAddressPrefix: '*', destinationAddressPrefix: '*' }
      properties.securityRules = [
        { id: `${id}/a`, name: 'admins', properties: { ...common, ...sides, access: 'Allow', priority: 100 } },
        { id: `${id}/b`, name: 'nobody', properties: { ...common, ...everywhere, access: 'Deny', priority: 200 } },
      ]
    })
    const from = (name: string) => ask({ source: all.machine(name).addresses[0] ?? '' })
    expect(from('admin').passes).toBe(true)
    expect(from('other').stoppedBy?.rule).toBe('nobody')
    join('web', '/asg/somewhere-else')
    expect(from('admin').stoppedBy?.rule).toBe('nobody')
  })

  it('for v6 are asked when the packet is v6, and need an address to go to', async () => {
    const rules: RuleSketch[] = [{ ...ssh, source: '2001:db8:1::/48' }]
    const all = await simulated([
      { name: 'web', rules, ipv6: true },
      { name: 'v4', rules },
    ])
    const ask = asker(all)
    expect(ask({ source: '2001:db8:1::7' }).passes).toBe(true)
    expect(ask({ source: '2001:db8:2::7' }).stoppedBy?.rule).toBe('DenyAllInBound')
    expect(ask().passes).toBe(false)
    expect(ask({ to: 'v4', source: '2001:db8:1::7' })).toEqual({ passes: false, stoppedBy: null })
  })
})

describe('the path to a machine', () => {
  const other: RuleSketch = { name: 'other', priority: 300, ports: '443' }

  it('leads through the group of the subnet first, then that of the interface: both must allow', async () => {
    const all = await simulated([
      { name: 'web', nsgs: 'both', rules: [ssh] },
      { name: 'subnet-only', nsgs: 'subnet', rules: [ssh] },
      { name: 'nic-closed', nsgs: 'both', rules: [other], nicRules: [] },
      { name: 'nic-open', nsgs: 'both', nicRules: [ssh] },
    ])
    const ask = asker(all)
    expect([ask().passes, ask({ to: 'subnet-only' }).passes]).toEqual([true, true])
    expect(ask({ to: 'nic-closed' }).stoppedBy?.boundaryId).toBe(all.machine('nic-closed').subnetNsgId)
    expect(ask({ to: 'nic-open' }).stoppedBy?.boundaryId).toBe(all.machine('nic-open').subnetNsgId)
    all.simulator.edit(all.machine('web').nicNsgIds[0] ?? '', (group) => {
      group.properties.securityRules = []
    })
    expect(ask().stoppedBy?.boundaryId).toBe(all.machine('web').nicNsgIds[0])
  })

  it('may be any of its interfaces, or one that is named', async () => {
    const all = await simulated([{ name: 'web', nics: 2, nsgs: 'nic', rules: [ssh] }])
    const [first = '', second = ''] = all.machine('web').nicIds
    all.simulator.edit(all.machine('web').nicNsgIds[0] ?? '', (group) => {
      group.properties.securityRules = []
    })
    const ask = asker(all)
    expect([ask().passes, ask({ nic: first }).passes, ask({ nic: second }).passes]).toEqual([true, false, true])
  })

  it('has to lead somewhere: a question about an unknown machine, or from no address, is a mistake', async () => {
    const { ask } = await behind()
    expect(() => ask({ vmId: '/subscriptions/x' })).toThrow('there is no virtual machine')
    expect(() => ask({ source: 'home' })).toThrow('home is not an address')
  })
})

describe('a session', () => {
  const question = ({ machine }: Simulated) =>
    ({ vmId: machine('web').vmId, source: home, port: 22, protocol: 'TCP' }) as const
  const closeAll = ({ simulator }: Simulated, groupId: string, flush: boolean) => {
    simulator.edit(groupId, ({ properties }) => {
      properties.securityRules = []
      if (flush) properties['flushConnection'] = true
    })
  }

  it('begins only when its first packet passes', async () => {
    const all = await simulated()
    expect(all.simulator.openSession(question(all))).toBeNull()
  })

  it('outlives the rule that let it in, and a deny ahead of it', async () => {
    const all = await simulated([{ name: 'web', rules: [ssh] }])
    const session = all.simulator.openSession(question(all)) ?? ''
    closeAll(all, webGroup, false)
    expect(all.simulator.packetPasses(question(all)).passes).toBe(false)
    expect(all.simulator.sessionSurvives(session)).toBe(true)
  })

  it('ends where the group flushes its connections, once the write is in force', async () => {
    const all = await simulated([{ name: 'web', rules: [ssh] }])
    const session = all.simulator.openSession(question(all)) ?? ''
    all.simulator.misbehave.slowOperation({ polls: 1 })
    const written = await all.arm.put(webGroup, { location: 'westeurope', properties: { flushConnection: true } })
    await all.arm.poll(written)
    expect(all.simulator.sessionSurvives(session)).toBe(true)
    await all.arm.poll(written)
    expect(all.simulator.sessionSurvives(session)).toBe(false)
  })

  it('goes on where the flushing group lets it in still, and behind other groups', async () => {
    const all = await simulated([
      { name: 'web', rules: [ssh] },
      { name: 'db', rules: [ssh] },
    ])
    const session = all.simulator.openSession(question(all)) ?? ''
    closeAll(all, webGroup, false)
    closeAll(all, all.machine('db').subnetNsgId ?? '', true)
    expect(all.simulator.sessionSurvives(session)).toBe(true)
    all.simulator.edit(webGroup, ({ properties }) => {
      properties['flushConnection'] = true
      properties.securityRules = [{ id: '', name: 'again', properties: ruleForEverybody }]
    })
    expect(all.simulator.sessionSurvives(session)).toBe(true)
  })

  it('ends with its own interface, though another of the machine would let it in', async () => {
    const all = await simulated([{ name: 'web', nics: 2, nsgs: 'nic', rules: [ssh] }])
    const session = all.simulator.openSession(question(all)) ?? ''
    closeAll(all, all.machine('web').nicNsgIds[0] ?? '', true)
    expect(all.simulator.packetPasses(question(all)).passes).toBe(true)
    expect(all.simulator.sessionSurvives(session)).toBe(false)
  })

  const ruleForEverybody = {
    access: 'Allow',
    direction: 'Inbound',
    priority: 500,
    protocol: '*',
    sourceAddressPrefix: '*',
    sourcePortRange: '*',
    destinationAddressPrefix: '*',
    destinationPortRange: '*',
  }
})

describe('an interface without an address', () => {
  it('cannot be reached', async () => {
    const all = await simulated([{ name: 'web', nsgs: 'none' }])
    const nic = all.simulator.read(all.machine('web').nicIds[0] ?? '') as NetworkInterface
    for (const each of nic.properties.ipConfigurations) {
      const { privateIPAddress: _, ...rest } = each.properties
      each.properties = rest as IpConfiguration
    }
    all.simulator.add(nic)
    expect(asker(all)()).toEqual({ passes: false, stoppedBy: null })
  })
})
