import { describe, expect, it } from 'vitest'
import { drawNetworks } from '../../../src/cloud/simulator/estate/draw.ts'
import { blockContains, readBlock, type Block } from '../../../src/cloud/simulator/prefix.ts'
import { networkType, type Resource, type VirtualNetwork } from '../../../src/cloud/simulator/resource.ts'
import type { MachineSketch } from '../../../src/cloud/simulator/estate/sketch.ts'
import { smallEstate, subscriptionId } from '../../support/cloud-estate.ts'
import { groupIn } from './support/call.ts'
import { simulated, webGroup } from './support/simulated.ts'

const place = { subscriptionId, resourceGroup: 'rg', location: 'westeurope' }

function block(text: string): Block {
  const found = readBlock(text)
  if (found === null) throw new Error(`${text} is no CIDR`)
  return found
}

/** Network and subnets of each network, v4 only. */
function spaces(resources: readonly Resource[]) {
  const networks = resources.filter(({ type }) => type === networkType) as VirtualNetwork[]
  return networks.map(({ properties }) => ({
    network: block(properties.addressSpace.addressPrefixes[0] ?? ''),
    subnets: properties.subnets.map(({ id, properties: subnet }) => {
      const { addressPrefix, addressPrefixes = [] } = subnet as { addressPrefix?: string; addressPrefixes?: string[] }
      return { id, block: block(addressPrefix ?? addressPrefixes[0] ?? '') }
    }),
  }))
}

const overlap = (a: Block, b: Block) => blockContains(a, b) || blockContains(b, a)

describe('a drawn machine', () => {
  it('stands behind the groups its sketch asks for, with its rules in each', () => {
    const rules = [{ name: 'ssh', priority: 100, ports: '22' }]
    const nicRules = [{ name: 'more', priority: 110 }]
    const sketches: MachineSketch[] = (['subnet', 'nic', 'both', 'none'] as const).map((nsgs) => ({
      name: nsgs,
      rules,
      nicRules,
      nsgs,
    }))
    const { estate, machine } = smallEstate(sketches)
    const rulesOf = (id: string | null | undefined) => {
      const found = estate.resources.find((each) => each.id.toLowerCase() === id)
      return (found?.properties['securityRules'] as { name: string }[] | undefined)?.map(({ name }) => name)
    }
    const groups = sketches.map(({ name }) => [rulesOf(machine(name).subnetNsgId), rulesOf(machine(name).nicNsgIds[0])])
    expect(groups).toEqual([
      [['ssh'], undefined],
      [undefined, ['ssh', 'more']],
      [['ssh'], ['ssh', 'more']],
      [undefined, undefined],
    ])
  })

  it('shares a subnet, and its group, with those that name the same one, and has its own otherwise', () => {
    const { machine } = smallEstate([
      { name: 'a', subnet: 'shared' },
      { name: 'b', subnet: 'shared' },
      { name: 'c' },
      { name: 'd' },
    ])
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => machine(name))
    expect([b?.subnetId, b?.subnetNsgId]).toEqual([a?.subnetId, a?.subnetNsgId])
    expect(new Set([a, c, d].map((each) => each?.subnetId)).size).toBe(3)
    expect(new Set([a, c, d].map((each) => each?.subnetNsgId)).size).toBe(3)
  })

  it('shares the group of its interfaces with those that name the same one', () => {
    const { machine } = smallEstate([
      { name: 'a', nsgs: 'nic', nicNsg: 'nsg-nics', nics: 2 },
      { name: 'b', nsgs: 'nic', nicNsg: 'nsg-nics' },
      { name: 'c', nsgs: 'nic', nics: 2 },
    ])
    const groups = new Set([...machine('a').nicNsgIds, ...machine('b').nicNsgIds])
    expect([groups.size, new Set(machine('c').nicNsgIds).size]).toEqual([1, 2])
  })

  it('is answered over the wire with its interfaces, addresses, system, size, state and tags', async () => {
    const sketch: MachineSketch = {
      name: 'win',
      os: 'Windows',
      nics: 2,
      ipv6: true,
      publicAddress: '203.0.113.9',
      power: 'stopped',
      size: 'Standard_E4s_v5',
      tags: { team: 'a' },
    }
    const { arm, machine } = await simulated([sketch])
    const { vmId, nicIds, addresses } = machine('win')
    expect((await arm.get(`${vmId}?$expand=instanceView`)).body).toMatchObject({
      tags: { team: 'a' },
      properties: {
        hardwareProfile: { vmSize: 'Standard_E4s_v5' },
        storageProfile: { osDisk: { osType: 'Windows' } },
        networkProfile: { networkInterfaces: [{ properties: { primary: true } }, { properties: { primary: false } }] },
        instanceView: { statuses: [{}, { code: 'PowerState/stopped' }] },
      },
    })
    expect(addresses).toEqual([expect.stringMatching(/^10\./), expect.stringMatching(/^fd00:/)])
    const nic = groupIn(await arm.get(nicIds[0] ?? '')).properties['ipConfigurations'] as { properties: object }[]
    expect(nic.map(({ properties }) => properties)).toMatchObject([
      { privateIPAddress: addresses[0], privateIPAddressVersion: 'IPv4', publicIPAddress: {}, primary: true },
      { privateIPAddress: addresses[1], privateIPAddressVersion: 'IPv6', primary: false },
    ])
    const [primary] = nic as { properties: { publicIPAddress: { id: string } } }[]
    expect((await arm.get(primary?.properties.publicIPAddress.id ?? '')).body).toMatchObject({
      properties: { ipAddress: '203.0.113.9' },
    })
  })

  it('may have a public address that is not given out', async () => {
    const { arm, simulator } = await simulated([{ name: 'web', publicAddress: null }])
    const [address] = simulator.readAll('Microsoft.Network/publicIPAddresses')
    const shown = (await arm.get(address?.id ?? '')).body
    expect(shown).toMatchObject({ properties: { publicIPAllocationMethod: 'Dynamic' } })
    expect(shown).not.toHaveProperty('properties.ipAddress')
  })

  it('has rules with one value in the singular field and several in the plural one', async () => {
    const rules = [
      { name: 'one', priority: 100, source: 'Internet', ports: '22' },
      { name: 'many', priority: 110, source: ['10.0.0.0/24', '10.0.1.0/24'], ports: ['22', '80-90'] },
    ]
    const { arm } = await simulated([{ name: 'web', rules }])
    expect(groupIn(await arm.get(webGroup)).properties.securityRules).toMatchObject([
      { properties: { sourceAddressPrefix: 'Internet', destinationPortRange: '22', destinationPortRanges: [] } },
      { properties: { sourceAddressPrefixes: ['10.0.0.0/24', '10.0.1.0/24'], destinationPortRanges: ['22', '80-90'] } },
    ])
  })
})

describe('the address spaces', () => {
  it('of networks do not overlap, nor do those of the subnets in them', () => {
    const sized = (count: number) => Array.from({ length: count }, (_, index) => ({ name: `vm${String(index)}` }))
    const sketches = [3, 600, 1, 40].map((count, index) => {
      return { place: { ...place, resourceGroup: `rg${String(index)}` }, name: 'vnet', machines: sized(count) }
    })
    const drawn = spaces(drawNetworks(sketches).resources)
    expect(drawn.map(({ subnets }) => subnets.length)).toEqual([3, 600, 1, 40])
    for (const [index, { network, subnets }] of drawn.entries()) {
      for (const other of drawn.slice(index + 1)) expect(overlap(network, other.network)).toBe(false)
      expect(subnets.every((subnet) => blockContains(network, subnet.block))).toBe(true)
      const inOrder = subnets.map((subnet) => subnet.block).toSorted((a, b) => (a.first < b.first ? -1 : 1))
      expect(inOrder.some((each, at) => at > 0 && overlap(inOrder[at - 1] ?? each, each))).toBe(false)
    }
  })

  it('hold 10,000 machines, half of them in one subnet: every interface in its subnet at an address of its own', () => {
    const machines = Array.from({ length: 10_000 }, (_, index) => ({
      name: `vm${String(index)}`,
      nics: 1 + (index % 2),
      ...(index < 5_000 ? { subnet: 'shared' } : {}),
    }))
    const { resources } = drawNetworks([{ place, name: 'vnet', machines }])
    const subnets = new Map(spaces(resources)[0]?.subnets.map(({ id, block: each }) => [id, each]))
    const configurations = resources.flatMap(({ properties }) => {
      return (properties['ipConfigurations'] ?? []) as { properties: { privateIPAddress: string; subnet: Resource } }[]
    })
    expect(subnets.size).toBe(5_001)
    expect(new Set(configurations.map(({ properties }) => properties.privateIPAddress)).size).toBe(15_000)
    const strays = configurations.filter(({ properties: { subnet, privateIPAddress } }) => {
      const space = subnets.get(subnet.id)
      return space === undefined || !blockContains(space, block(privateIPAddress))
    })
    expect(strays).toEqual([])
  })

  it('end somewhere', () => {
    const machines = Array.from({ length: 9 }, (_, index) => ({ name: `m${String(index)}`, nics: 2 ** 21 }))
    expect(() => drawNetworks([{ place, name: 'vnet', machines }])).toThrow('do not fit into 10.0.0.0/8')
  })
})
