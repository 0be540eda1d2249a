import { groupType, machineType, type NetworkInterface, type Resource, type VirtualMachine } from '../resource.ts'
import { addressText, layOut, type NetworkLayout, type SubnetLayout } from './layout.ts'
import { azureFirewall, FIREWALL_SUBNET_NAME, firewallPolicy } from './firewall-shapes.ts'
import { virtualMachine } from './machine-shapes.ts'
import { networkInterface, publicAddress, securityGroup, virtualNetwork } from './network-shapes.ts'
import { idOf, type Place } from './place.ts'
import type { RuleSketch } from './rule-sketch.ts'
import type { DrawnMachine, MachineSketch, NetworkSketch } from './sketch.ts'

/** What was drawn: the resources, and the ids by which tests find a machine's. */
export interface Drawing {
  readonly resources: Resource[]
  readonly machines: DrawnMachine[]
}

/**
 * Draws networks with everything in them. Names of machines must differ within a resource group, and the rules that
 * meet in a shared group must differ in priority; a rule of the same name is the same rule.
 */
export function drawNetworks(sketches: readonly NetworkSketch[]): Drawing {
  const drawing: Drawing = { resources: [], machines: [] }
  const groups = collectGroups()
  for (const layout of layOut(sketches)) drawNetwork(drawing, groups, layout)
  drawing.resources.push(...groups.draw())
  return drawing
}

/** Security groups, each named by many machines. */
interface Groups {
  /** Adds rules to a group, which it makes when it is new; the group's id. */
  add(place: Place, name: string, rules: readonly RuleSketch[]): string
  draw(): Resource[]
}

function collectGroups(): Groups {
  const groups = new Map<string, { place: Place; name: string; rules: Map<string, RuleSketch> }>()
  return {
    add(place, name, rules) {
      const id = idOf(place, groupType, name)
      const group = groups.get(id) ?? { place, name, rules: new Map<string, RuleSketch>() }
      for (const rule of rules) group.rules.set(rule.name, rule)
      groups.set(id, group)
      return id
    },
    draw: () => [...groups.values()].map(({ place, name, rules }) => securityGroup(place, name, [...rules.values()])),
  }
}

function drawNetwork({ resources, machines }: Drawing, groups: Groups, layout: NetworkLayout) {
  const { sketch, prefixes, subnets, firewallPrefix } = layout
  const { place, name } = sketch
  const drawn = subnets.map((subnet) => {
    const guarded = subnet.hosts.filter(({ machine }) => hasGroup(machine, 'subnet'))
    const rules = guarded.flatMap(({ machine }) => machine.rules ?? [])
    const groupId = guarded.length === 0 ? null : groups.add(place, `nsg-${subnet.name}`, rules)
    return { subnet, groupId }
  })
  const network = virtualNetwork(place, name, prefixes, [
    ...drawn.map(({ subnet, groupId }) => ({ ...subnet, ...(groupId === null ? {} : { groupId }) })),
    ...(firewallPrefix === null ? [] : [{ name: FIREWALL_SUBNET_NAME, prefixes: [firewallPrefix] }]),
  ])
  resources.push(network)
  const firewallId = drawFirewall(resources, layout, network.id)
  for (const { subnet, groupId } of drawn) {
    const subnetId = `${network.id}/subnets/${subnet.name}`
    for (const { machine, hostIndex } of subnet.hosts) {
      const vmId = idOf(place, machineType, machine.name)
      const address = drawPublicAddress(place, machine)
      const nics = Array.from({ length: machine.nics ?? 1 }, (_, nic) => {
        const addresses = addressesOf(subnet, machine, hostIndex + nic)
        const publicAddressId = nic === 0 ? address?.id : undefined
        return drawInterface(groups, place, machine, nic, { vmId, subnetId, addresses, publicAddressId })
      })
      if (address !== null) resources.push(address)
      resources.push(...nics, drawMachine(place, machine, nics))
      machines.push({
        name: machine.name,
        vmId: vmId.toLowerCase(),
        nicIds: nics.map(({ id }) => id.toLowerCase()),
        subnetId: subnetId.toLowerCase(),
        subnetNsgId: groupId?.toLowerCase() ?? null,
        nicNsgIds: nics.flatMap((nic) => nic.properties.networkSecurityGroup?.id.toLowerCase() ?? []),
        addresses: addressesOf(subnet, machine, hostIndex),
        firewallId,
      })
    }
  }
}

/** The firewall of a network with what belongs to it; its lower-cased id, null when there is none. */
function drawFirewall(resources: Resource[], { sketch, subnets, firewallPrefix }: NetworkLayout, networkId: string) {
  const { place, firewall } = sketch
  if (firewall === undefined || firewallPrefix === null) return null
  const addresses = firewall.publicAddresses.map((address, index) =>
    publicAddress(place, `${firewall.name}-ip${index === 0 ? '' : String(index + 1)}`, address),
  )
  const policy = firewall.policy === undefined ? null : firewallPolicy(place, firewall.policy)
  const hosts = subnets.flatMap((subnet) => subnet.hosts.map((host) => ({ ...host, subnet })))
  const addressOf = (name: string) => {
    const host = hosts.find(({ machine }) => machine.name === name)
    return host === undefined ? '' : (addressesOf(host.subnet, host.machine, host.hostIndex)[0] ?? '')
  }
  const drawn = azureFirewall(place, firewall, {
    subnetId: `${networkId}/subnets/${FIREWALL_SUBNET_NAME}`,
    privateAddress: addressText(firewallPrefix, 0),
    publicAddressIds: addresses.map(({ id }) => id),
    policyId: policy?.id ?? null,
    addressOf,
  })
  resources.push(...addresses, ...(policy === null ? [] : [policy]), drawn)
  return drawn.id.toLowerCase()
}

function drawInterface(
  groups: Groups,
  place: Place,
  machine: MachineSketch,
  nic: number,
  shape: { vmId: string; subnetId: string; addresses: readonly string[]; publicAddressId: string | undefined },
): NetworkInterface {
  const { publicAddressId, ...where } = shape
  const name = `${machine.name}-nic${nic === 0 ? '' : String(nic + 1)}`
  const rules = [...(machine.rules ?? []), ...(machine.nicRules ?? [])]
  const groupId = hasGroup(machine, 'nic') ? groups.add(place, machine.nicNsg ?? `nsg-${name}`, rules) : undefined
  return networkInterface(place, name, {
    ...where,
    primary: nic === 0,
    ...(publicAddressId === undefined ? {} : { publicAddressId }),
    ...(groupId === undefined ? {} : { groupId }),
  })
}

function drawMachine(place: Place, machine: MachineSketch, nics: readonly NetworkInterface[]): VirtualMachine {
  const { os = 'Linux', power = 'running', size = 'Standard_D2s_v5', tags = {} } = machine
  return virtualMachine(place, machine.name, { os, power, size, tags, nicIds: nics.map(({ id }) => id) })
}

/** Null for a machine that has none; one that is not given out is a resource all the same. */
function drawPublicAddress(place: Place, { name, publicAddress: address }: MachineSketch): Resource | null {
  return address === undefined ? null : publicAddress(place, `${name}-ip`, address)
}

function hasGroup({ nsgs = 'subnet' }: MachineSketch, where: 'subnet' | 'nic'): boolean {
  return nsgs === where || nsgs === 'both'
}

/** The private addresses of an interface, the v4 one first. */
function addressesOf(subnet: SubnetLayout, machine: MachineSketch, hostIndex: number): string[] {
  return subnet.prefixes
    .filter((prefix) => machine.ipv6 === true || !prefix.includes(':'))
    .map((prefix) => addressText(prefix, hostIndex))
}
