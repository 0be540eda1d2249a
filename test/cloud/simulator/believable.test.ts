import { describe, expect, it } from 'vitest'
import { believableEstate } from '../../../src/cloud/simulator/estate/believable.ts'
import {
  classicMachineType,
  firewallType,
  groupType,
  interfaceType,
  machineType,
  networkType,
  publicAddressType,
  type AzureFirewall,
  type NetworkInterface,
  type Resource,
  type SecurityGroup,
  type VirtualMachine,
  type VirtualNetwork,
} from '../../../src/cloud/simulator/resource.ts'
import { startSimulator } from '../../../src/cloud/simulator/start.ts'
import { connectTo } from './support/call.ts'

const estate = believableEstate()
const ofType = (type: string) => estate.resources.filter((resource) => resource.type === type)
const machines = ofType(machineType) as VirtualMachine[]
const groups = ofType(groupType) as SecurityGroup[]
const subnets = (ofType(networkType) as VirtualNetwork[]).flatMap(({ properties }) => properties.subnets)
const rules = groups.flatMap(({ properties }) => properties.securityRules)

/** For each interface of a machine, where on its path there is a group. */
function path({ properties }: VirtualMachine): string[] {
  return properties.networkProfile.networkInterfaces.map(({ id }) => {
    const nic = estate.resources.find((resource) => resource.id === id) as NetworkInterface
    const subnetId = nic.properties.ipConfigurations[0]?.properties.subnet?.id
    const subnet = subnets.find((each) => each.id === subnetId)
    return [subnet?.properties.networkSecurityGroup && 'subnet', nic.properties.networkSecurityGroup && 'nic']
      .filter(Boolean)
      .join('+')
  })
}

const power = (machine: VirtualMachine) => machine.properties.instanceView?.statuses[1]?.code
const count = <Item>(items: readonly Item[], fits: (item: Item) => boolean) => items.filter(fits).length

describe('the believable estate', () => {
  it('is the same for a seed, and keeps its ids for another', () => {
    expect(believableEstate({ seed: 1 })).toEqual(estate)
    const other = believableEstate({ seed: 2 })
    expect(other).not.toEqual(estate)
    expect(other.resources.map(({ id }) => id)).toEqual(estate.resources.map(({ id }) => id))
  })

  it('has three subscriptions, whose ids never change', () => {
    expect(estate.subscriptions).toEqual([
      { subscriptionId: 'c5abdde7-5167-4ecf-a9c8-a25238af4cbb', displayName: 'Contoso Production' },
      { subscriptionId: '6be0ae4a-9c28-47a0-a093-448929e327dd', displayName: 'Contoso Shared Services' },
      { subscriptionId: 'a8dcb54c-0635-4e7d-a85e-fca387c95003', displayName: 'Contoso Development' },
    ])
    const used = new Set(machines.map(({ id }) => id.split('/')[2]))
    expect(used).toEqual(new Set(estate.subscriptions.map((each) => each.subscriptionId)))
  })

  it.each([
    [undefined, 60],
    [200, 200],
    [1, 51],
  ])('has as many machines as asked for, and no fewer than it takes: %s gives %i', (asked, found) => {
    const { resources } = believableEstate(asked === undefined ? {} : { machines: asked })
    expect(count(resources, ({ type }) => type === machineType || type === classicMachineType)).toBe(found)
  })

  it('has resources of one id each, in several groups and regions', () => {
    expect(new Set(estate.resources.map(({ id }) => id.toLowerCase())).size).toBe(estate.resources.length)
    expect(new Set(estate.resources.map(({ id }) => id.split('/')[4])).size).toBe(8)
    expect(new Set(estate.resources.flatMap(({ location }) => location ?? [])).size).toBe(3)
  })

  it('has machines behind a group of the subnet, of the interface, of both, and of neither', () => {
    const paths = new Set(machines.map((machine) => path(machine)[0]))
    expect(paths).toEqual(new Set(['', 'nic', 'subnet', 'subnet+nic']))
  })

  it('has a firewall with rules of its own, and one whose rules a policy keeps, each before some machines', () => {
    const firewalls = ofType(firewallType) as AzureFirewall[]
    const about = firewalls.map(({ name, properties }) => [
      name,
      properties.firewallPolicy !== undefined,
      properties.natRuleCollections.length,
    ])
    expect(about).toEqual([
      ['fw-payments', false, 1],
      ['fw-partners', true, 0],
    ])
    const networks = firewalls.map(
      ({ properties }) => properties.ipConfigurations[0]?.properties.subnet?.id.split('/')[8],
    )
    const behind = (network: string | undefined) =>
      count(ofType(interfaceType), (nic) => JSON.stringify(nic).includes(`/${String(network)}/subnets/`))
    expect(networks.map(behind)).toEqual([5, 2])
  })

  it('has subnets and interface groups that machines share', () => {
    const perSubnet = new Map<string, number>()
    for (const nic of ofType(interfaceType) as NetworkInterface[]) {
      const id = nic.properties.ipConfigurations[0]?.properties.subnet?.id ?? ''
      perSubnet.set(id, (perSubnet.get(id) ?? 0) + 1)
    }
    expect(Math.max(...perSubnet.values())).toBeGreaterThan(5)
    const nicGroups = (ofType(interfaceType) as NetworkInterface[]).map(
      (nic) => nic.properties.networkSecurityGroup?.id,
    )
    expect(count(nicGroups, (id) => id?.endsWith('nsg-api-nics') === true)).toBe(4)
  })

  it('has machines with Linux and with Windows, with several interfaces, with v6, switched off, and classic ones', () => {
    const os = (machine: VirtualMachine) => JSON.stringify(machine.properties['storageProfile'])
    expect(count(machines, (machine) => os(machine).includes('Windows'))).toBeGreaterThan(8)
    expect(count(machines, (machine) => os(machine).includes('Linux'))).toBeGreaterThan(20)
    expect(count(machines, ({ properties }) => properties.networkProfile.networkInterfaces.length > 1)).toBe(6)
    expect(count(ofType(interfaceType), (nic) => JSON.stringify(nic).includes('"IPv6"'))).toBeGreaterThan(3)
    expect(new Set(machines.map(power))).toEqual(
      new Set(['PowerState/running', 'PowerState/deallocated', 'PowerState/stopped']),
    )
    expect(ofType(classicMachineType)).toHaveLength(2)
  })

  it('has public addresses, all different, and one that is not given out', () => {
    const given = ofType(publicAddressType).map(({ properties }) => properties['ipAddress'])
    expect(count(given, (address) => address === undefined)).toBe(1)
    expect(new Set(given).size).toBe(given.length)
    expect(given.length).toBeGreaterThan(5)
  })

  it('has rules with tags, with several values, that deny, that go out, and one in the last place there is', () => {
    const sources = new Set(rules.map(({ properties }) => properties.sourceAddressPrefix))
    expect([...sources]).toEqual(
      expect.arrayContaining(['Internet', 'VirtualNetwork', 'AzureLoadBalancer', '*', '::/0']),
    )
    expect(rules.some(({ properties }) => (properties.sourceAddressPrefixes ?? []).length > 1)).toBe(true)
    expect(rules.some(({ properties: { access, priority } }) => access === 'Deny' && priority === 4096)).toBe(true)
    expect(rules.some(({ properties }) => properties.direction === 'Outbound')).toBe(true)
    expect(rules.some(({ name }) => name === 'AllowBastionInbound')).toBe(true)
  })

  it('leaves management ports open to the world: ahead of any deny, behind one that could come, or for want of a group', async () => {
    const simulator = await startSimulator({ operationMs: 0 })
    const openPorts = (name: string) => {
      const vmId = machines.find((machine) => machine.name === name)?.id ?? ''
      const passes = (port: number) =>
        simulator.packetPasses({ vmId, source: '192.0.2.77', port, protocol: 'TCP' }).passes
      return [22, 3389].filter(passes)
    }
    const open = ['jump-01', 'devbox-01', 'devbox-04', 'erp-rds-01', 'demo-01', 'proxy-01', 'web-prod-01', 'db-prod-01']
    const found = open.map((name) => [name, openPorts(name)])
    await simulator.stop()
    expect(Object.fromEntries(found)).toEqual({
      'jump-01': [22],
      'devbox-01': [22],
      'devbox-04': [3389],
      'erp-rds-01': [3389],
      'demo-01': [22, 3389],
      'proxy-01': [22, 3389],
      'web-prod-01': [],
      'db-prod-01': [],
    })
    const priorityOf = (name: string) => rules.find((rule) => rule.name === name)?.properties.priority
    expect(['allow-any-ssh', 'RDP', 'default-allow-ssh'].map(priorityOf)).toEqual([100, 300, 1_000])
  })

  it('is one that the cloud would accept: every group and firewall can be written back as it is', async () => {
    const simulator = await startSimulator({ operationMs: 0 })
    const arm = connectTo(simulator)
    const refused: unknown[] = []
    for (const { id } of [...groups, ...ofType(firewallType)]) {
      const written = await arm.put(id, (await arm.get(id)).body)
      if (written.status !== 200) refused.push([id, written.body])
    }
    arm.close()
    await simulator.stop()
    expect(refused).toEqual([])
  })

  it('refers to nothing that is not there', () => {
    const known = new Set([...estate.resources, ...subnets].map(({ id }: Pick<Resource, 'id'>) => id))
    const references = [...JSON.stringify(estate.resources).matchAll(/\{"id":"([^"]+)"\}/g)].map(([, id = '']) => id)
    expect(references.length).toBeGreaterThan(100)
    expect(references.filter((id) => !known.has(id))).toEqual([])
  })
})
