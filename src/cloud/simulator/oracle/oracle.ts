import { readBlock, type Block } from '../prefix.ts'
import {
  interfaceType,
  keyOf,
  machineType,
  parentId,
  subscriptionOf,
  type NetworkInterface,
  type SecurityGroup,
  type VirtualMachine,
  type VirtualNetwork,
} from '../resource.ts'
import type { World } from '../world.ts'
import { decidingRule, type Packet } from './match-rule.ts'

/** Would a packet from `source` reach `port` of the machine? */
export interface PacketQuestion {
  readonly vmId: string
  /** An address, v4 or v6. */
  readonly source: string
  readonly port: number
  readonly protocol: 'TCP' | 'UDP' | 'ICMP'
  readonly sourcePort?: number
  /** Only by this interface; any of the machine's when left out. */
  readonly nic?: string
  /** Only to this private address; any of the interface's when left out. */
  readonly to?: string
}

/** `stoppedBy` is null when the packet passes, or when the machine has no address of that family to send it to. */
export interface PacketVerdict {
  readonly passes: boolean
  readonly stoppedBy: { readonly boundaryId: string; readonly rule: string } | null
}

/** Answers by the rules that are in force, as Azure evaluates them: the subnet's group first, then the interface's. */
export function packetPasses(
  world: World,
  inForce: (groupId: string) => SecurityGroup | undefined,
  question: PacketQuestion,
): PacketVerdict {
  const interfaces = interfacesOf(world, question)
  const source = readBlock(question.source)
  if (source === null) throw new Error(`${question.source} is not an address`)
  let stoppedBy: PacketVerdict['stoppedBy'] = null
  for (const id of interfaces) {
    const nic = world.get(id) as NetworkInterface | undefined
    for (const { properties: configuration } of nic?.properties.ipConfigurations ?? []) {
      const address = readBlock(configuration.privateIPAddress ?? '')
      if (nic === undefined || address === null || address.family !== source.family) continue
      if (question.to !== undefined && readBlock(question.to)?.first !== address.first) continue
      const subnetId = configuration.subnet?.id
      const networkId = parentId(subnetId ?? '')
      const packet: Packet = {
        protocol: question.protocol.toLowerCase(),
        source: {
          address: source,
          port: question.sourcePort ?? 50_000,
          applicationGroups: () => groupsAt(world, networkId, source),
        },
        destination: {
          address,
          port: question.port,
          applicationGroups: () => (configuration.applicationSecurityGroups ?? []).map((group) => keyOf(group.id)),
        },
        networkBlocks: networkBlocks(world, networkId),
      }
      const path = [subnetGroup(world, subnetId), nic.properties.networkSecurityGroup?.id]
      const stop = stoppedOn(path, inForce, packet)
      if (stop === null) return { passes: true, stoppedBy: null }
      stoppedBy ??= stop
    }
  }
  return { passes: false, stoppedBy }
}

/** The interfaces by which a packet may go. Throws when there is no such machine. */
export function interfacesOf(world: World, { vmId, nic }: PacketQuestion): string[] {
  const machine = world.get(vmId)
  if (machine?.type !== machineType) throw new Error(`there is no virtual machine ${vmId}`)
  const { networkInterfaces } = (machine as VirtualMachine).properties.networkProfile
  return networkInterfaces.map(({ id }) => id).filter((id) => nic === undefined || keyOf(nic) === keyOf(id))
}

function stoppedOn(
  path: readonly (string | undefined)[],
  inForce: (groupId: string) => SecurityGroup | undefined,
  packet: Packet,
): PacketVerdict['stoppedBy'] {
  for (const groupId of path) {
    const group = groupId === undefined ? undefined : inForce(groupId)
    if (group === undefined) continue
    const rule = decidingRule(group, packet)
    if (rule.properties.access.toLowerCase() === 'deny') return { boundaryId: keyOf(group.id), rule: rule.name }
  }
  return null
}

function subnetGroup(world: World, subnetId: string | undefined): string | undefined {
  if (subnetId === undefined) return undefined
  const network = world.get(parentId(subnetId)) as VirtualNetwork | undefined
  const subnet = network?.properties.subnets.find(({ id }) => keyOf(id) === keyOf(subnetId))
  return subnet?.properties.networkSecurityGroup?.id
}

/** The address spaces of a network and of the networks it is peered with. */
function networkBlocks(world: World, networkId: string): Block[] {
  const network = world.get(networkId) as VirtualNetwork | undefined
  const peers = (network?.properties.virtualNetworkPeerings ?? []).map(
    (peering) => world.get(peering.properties.remoteVirtualNetwork.id) as VirtualNetwork | undefined,
  )
  return [network, ...peers].flatMap((each) =>
    (each?.properties.addressSpace.addressPrefixes ?? []).flatMap((text) => readBlock(text) ?? []),
  )
}

/** The application security groups that an address of a network is in. */
function groupsAt(world: World, networkId: string, address: Block): string[] {
  const nics = world.list(subscriptionOf(networkId), interfaceType) as readonly NetworkInterface[]
  return nics
    .flatMap(({ properties }) => properties.ipConfigurations)
    .filter(
      ({ properties: { subnet, privateIPAddress } }) =>
        keyOf(parentId(subnet?.id ?? '')) === keyOf(networkId) &&
        readBlock(privateIPAddress ?? '')?.first === address.first,
    )
    .flatMap(({ properties }) => (properties.applicationSecurityGroups ?? []).map((group) => keyOf(group.id)))
}
