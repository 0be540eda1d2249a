import { publicAddressesOf } from '../firewall/validate-firewall.ts'
import { addressAt, blockContains, readBlock, type Block } from '../prefix.ts'
import {
  firewallType,
  interfaceType,
  keyOf,
  parentId,
  publicAddressType,
  type AzureFirewall,
  type NatRule,
  type NetworkInterface,
  type VirtualNetwork,
} from '../resource.ts'
import type { World } from '../world.ts'
import type { PacketQuestion, PacketVerdict } from './oracle.ts'

/** Would a packet from `source` to a public address get to a machine? */
export interface PublicPacketQuestion {
  /** A public address, of a firewall or of a machine's own. */
  readonly address: string
  readonly port: number
  readonly source: string
  readonly protocol: 'TCP' | 'UDP'
}

export interface PublicPacketVerdict {
  readonly passes: boolean
  /** The machine that it is sent on to, and the port; null when nobody is at the address, or no rule translates it. */
  readonly reached: { readonly vmId: string; readonly port: number } | null
  /** What stopped it; `rule` is null where a firewall has none for it. */
  readonly stoppedBy: { readonly boundaryId: string; readonly rule: string | null } | null
}

/** What the answer is made from: the rules in force. */
export interface PublicOracle {
  readonly world: World
  readonly firewallInForce: (firewallId: string) => AzureFirewall | undefined
  readonly packetPasses: (question: PacketQuestion) => PacketVerdict
}

/**
 * Follows a packet as Azure would. A firewall translates its destination by the first NAT rule that matches, allows it
 * by that, and gives it the address of one of its instances for a source: what stands behind sees nothing of the sender.
 */
export function packetArrives(oracle: PublicOracle, question: PublicPacketQuestion): PublicPacketVerdict {
  const { world } = oracle
  for (const subscriptionId of world.subscriptions.keys()) {
    for (const { id } of world.list(subscriptionId, firewallType)) {
      const firewall = oracle.firewallInForce(id)
      if (firewall !== undefined && publicAddressesOf(world, firewall).includes(question.address))
        return throughFirewall(oracle, firewall, question)
    }
    for (const address of world.list(subscriptionId, publicAddressType))
      if (address.properties['ipAddress'] === question.address) return toOwnAddress(oracle, address.id, question)
  }
  return { passes: false, reached: null, stoppedBy: null }
}

function throughFirewall(
  oracle: PublicOracle,
  firewall: AzureFirewall,
  question: PublicPacketQuestion,
): PublicPacketVerdict {
  const rule = translatingRule(firewall, question)
  const none = { passes: false, reached: null, stoppedBy: { boundaryId: keyOf(firewall.id), rule: rule?.name ?? null } }
  const subnetId = firewall.properties.ipConfigurations[0]?.properties.subnet?.id
  if (rule?.translatedAddress === undefined || subnetId === undefined) return none
  const to = rule.translatedAddress
  const target = machineAt(oracle.world, parentId(subnetId), to)
  if (target === null) return none
  const port = Number(rule.translatedPort)
  // Which instance carries a connection is the platform's choice: every one must get through.
  const verdicts = instanceAddresses(oracle.world, subnetId).map((source) =>
    oracle.packetPasses({ vmId: target.vmId, nic: target.nicId, to, source, port, protocol: question.protocol }),
  )
  const stopped = verdicts.find(({ passes }) => !passes)
  return {
    passes: stopped === undefined && verdicts.length > 0,
    reached: { vmId: keyOf(target.vmId), port },
    stoppedBy: stopped?.stoppedBy ?? null,
  }
}

/** To a machine's own public address, which a firewall in its network does not stand before. */
function toOwnAddress(
  oracle: PublicOracle,
  publicAddressId: string,
  question: PublicPacketQuestion,
): PublicPacketVerdict {
  const { source, port, protocol } = question
  for (const nic of interfaces(oracle.world))
    for (const { properties } of nic.properties.ipConfigurations) {
      const vmId = nic.properties.virtualMachine?.id
      if (vmId === undefined || keyOf(properties.publicIPAddress?.id ?? '') !== keyOf(publicAddressId)) continue
      const to = properties.privateIPAddress ?? ''
      const { passes, stoppedBy } = oracle.packetPasses({ vmId, nic: nic.id, to, source, port, protocol })
      return { passes, stoppedBy, reached: { vmId: keyOf(vmId), port } }
    }
  return { passes: false, reached: null, stoppedBy: null }
}

/** The NAT rule that decides over a packet: collections by priority, rules in their order, the first that matches. */
function translatingRule({ properties }: AzureFirewall, question: PublicPacketQuestion): NatRule | undefined {
  const source = readBlock(question.source)
  return properties.natRuleCollections
    .filter(({ properties: { action } }) => action.type.toLowerCase() === 'dnat')
    .toSorted((a, b) => a.properties.priority - b.properties.priority)
    .flatMap((collection) => collection.properties.rules)
    .find(
      (rule) =>
        rule.protocols.some((text) => ['any', question.protocol.toLowerCase()].includes(text.toLowerCase())) &&
        rule.destinationAddresses.includes(question.address) &&
        rule.destinationPorts.includes(String(question.port)) &&
        source !== null &&
        (rule.sourceAddresses ?? []).some((text) => text === '*' || isIn(source, text)),
    )
}

const isIn = (address: Block, text: string) => {
  const block = readBlock(text)
  return block !== null && blockContains(block, address)
}

const interfaces = (world: World) =>
  [...world.subscriptions.keys()].flatMap((id) => world.list(id, interfaceType) as readonly NetworkInterface[])

/** The machine that has a private address in a network. */
function machineAt(world: World, networkId: string, address: string) {
  const wanted = readBlock(address)?.first
  for (const nic of interfaces(world))
    for (const { properties } of nic.properties.ipConfigurations)
      if (
        keyOf(parentId(properties.subnet?.id ?? '')) === keyOf(networkId) &&
        readBlock(properties.privateIPAddress ?? '')?.first === wanted &&
        nic.properties.virtualMachine !== undefined
      )
        return { vmId: nic.properties.virtualMachine.id, nicId: nic.id }
  return null
}

/** Addresses that instances of a firewall have: the first and the last that its subnet can give. */
function instanceAddresses(world: World, subnetId: string): string[] {
  const network = world.get(parentId(subnetId)) as VirtualNetwork | undefined
  const subnet = network?.properties.subnets.find(({ id }) => keyOf(id) === keyOf(subnetId))
  const prefixes = [subnet?.properties.addressPrefix ?? '', ...(subnet?.properties.addressPrefixes ?? [])]
  return prefixes.flatMap((text) => {
    const block = readBlock(text)
    return block?.family === 4 ? [addressAt(block, 5n), addressAt(block, 2n ** BigInt(32 - block.length) - 2n)] : []
  })
}
