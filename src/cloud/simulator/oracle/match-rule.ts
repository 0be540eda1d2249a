import { addressPrefixesOf, portRangesOf } from '../group/validate-rule.ts'
import { blockContains, readBlock, type Block } from '../prefix.ts'
import type { RuleProperties, SecurityGroup, SecurityRule } from '../resource.ts'
import { defaultRules } from '../group/default-rules.ts'

/** One end of a packet, as a rule sees it. */
export interface PacketEnd {
  readonly address: Block
  readonly port: number
  /** Ids of the application security groups the address is in, lower-cased; looked up only where a rule names one. */
  readonly applicationGroups: () => readonly string[]
}

/** A packet that arrives at an interface. */
export interface Packet {
  /** `tcp`, `udp` or `icmp`. */
  readonly protocol: string
  readonly source: PacketEnd
  readonly destination: PacketEnd
  /** The address space of the interface's network and its peers: what `VirtualNetwork` stands for. */
  readonly networkBlocks: readonly Block[]
}

/** The inbound rule of a group that decides over a packet: the first that matches, by priority. */
export function decidingRule(group: SecurityGroup, packet: Packet): SecurityRule {
  const rules = [...group.properties.securityRules, ...defaultRules(group.id, '', 'Succeeded')]
    .filter((rule) => rule.properties.direction.toLowerCase() === 'inbound')
    .sort((a, b) => a.properties.priority - b.properties.priority)
  const found = rules.find((rule) => matches(rule.properties, packet))
  if (found === undefined) throw new Error(`no rule of ${group.id} matches, not even a default one`)
  return found
}

function matches(rule: RuleProperties, packet: Packet): boolean {
  const protocol = rule.protocol.toLowerCase()
  if (protocol !== '*' && protocol !== packet.protocol) return false
  return (['source', 'destination'] as const).every((side) => {
    const end = packet[side]
    // ICMP has no ports: the port fields do not count.
    const portFits = packet.protocol === 'icmp' || portRangesOf(rule, side).some((range) => inRange(range, end.port))
    return portFits && endFits(rule, side, end, packet.networkBlocks)
  })
}

function endFits(
  rule: RuleProperties,
  side: 'source' | 'destination',
  end: PacketEnd,
  networkBlocks: readonly Block[],
): boolean {
  const groups = side === 'source' ? rule.sourceApplicationSecurityGroups : rule.destinationApplicationSecurityGroups
  if (groups?.some(({ id }) => end.applicationGroups().includes(id.toLowerCase()))) return true
  return addressPrefixesOf(rule, side).some((text) => prefixFits(text, end.address, networkBlocks))
}

/** Where the platform's load balancer probes come from. */
const probeAddress = readBlock('168.63.129.16')

function prefixFits(text: string, address: Block, networkBlocks: readonly Block[]): boolean {
  if (text === '*') return true
  const block = readBlock(text)
  if (block !== null) return blockContains(block, address)
  const inNetwork = networkBlocks.some((each) => blockContains(each, address))
  const isProbe = probeAddress !== null && blockContains(probeAddress, address)
  switch (text.toLowerCase()) {
    case 'virtualnetwork':
      return inNetwork
    case 'azureloadbalancer':
      return isProbe
    case 'internet':
      return !inNetwork && !isProbe
    default:
      // A tag whose addresses only Azure knows: no packet of ours comes from there.
      return false
  }
}

function inRange(range: string, port: number): boolean {
  if (range === '*') return true
  const [first, last = first] = range.split('-').map(Number)
  return first !== undefined && last !== undefined && first <= port && port <= last
}
