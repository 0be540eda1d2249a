import { BlockList, isIP, isIPv4 } from 'node:net'
import type { Rule } from '../../src/firewall/rule.ts'

/** One packet, as a network security group sees it. */
export interface Packet {
  readonly source: string
  readonly destination: string
  readonly port: number
  readonly protocol: 'TCP' | 'UDP'
}

/**
 * Walks rules as the cloud would: answers the first by number that matches a packet. Written apart from the code under
 * test, on Node's own address arithmetic. `tags` are the service tags and groups that both ends happen to belong to.
 */
export function walkOf(rules: readonly Rule[], tags: ReadonlySet<string>): (packet: Packet) => Rule | null {
  const inOrder = rules.toSorted((left, right) => left.priority - right.priority)
  return (packet) =>
    inOrder.find(
      (rule) =>
        (rule.protocol === 'ANY' || rule.protocol === packet.protocol) &&
        rule.ports.some(({ first, last }) => first <= packet.port && packet.port <= last) &&
        rule.destinations.some((text) => tags.has(text) || isIn(packet.destination, text)) &&
        rule.sources.some((text) => tags.has(text) || isIn(packet.source, text)),
    ) ?? null
}

/** Whether the address lies in a CIDR; everything lies in `*`, nothing in a name. */
export function isIn(address: string, text: string): boolean {
  const known = blocks.get(text) ?? blockOf(text)
  blocks.set(text, known)
  // Node takes every IPv4 address for one of `::/0`; no firewall does.
  return (
    known === '*' || (known !== null && text.includes(':') !== isIPv4(address) && known.check(address, kindOf(address)))
  )
}

const blocks = new Map<string, BlockList | '*' | null>()

const kindOf = (address: string) => (isIPv4(address) ? 'ipv4' : 'ipv6')

function blockOf(text: string): BlockList | '*' | null {
  const [address = '', length] = text.split('/')
  if (text === '*') return '*'
  if (isIP(address) === 0) return null
  const list = new BlockList()
  list.addSubnet(address, Number(length ?? (isIPv4(address) ? 32 : 128)), kindOf(address))
  return list
}
