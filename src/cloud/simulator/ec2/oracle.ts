import { blockContains, readBlock, type Block } from '../prefix.ts'
import { attachedInterfaces } from './attached.ts'
import type { GroupRule, NetworkInterface } from './resource.ts'
import type { Tables } from './world.ts'

/** Would a packet from `source` reach `port` of the instance? */
export interface Ec2Question {
  readonly instanceId: string
  /** An address, v4 or v6. */
  readonly source: string
  readonly port: number
  readonly protocol: 'TCP' | 'UDP' | 'ICMP'
  /** Only by this interface; any of the instance's when left out. */
  readonly interfaceId?: string
}

/** `by` is the rule that lets it pass; null when none does, or the instance has no address of that family. */
export interface Ec2Verdict {
  readonly passes: boolean
  readonly by: { readonly interfaceId: string; readonly groupId: string; readonly ruleId: string } | null
}

/** Answers by the rules that are so, as EC2 evaluates them: any rule of any group that the interface wears admits. */
export function packetPasses(now: Tables, question: Ec2Question): Ec2Verdict {
  const source = readBlock(question.source)
  if (source === null) throw new Error(`${question.source} is not an address`)
  if (!now.instances.has(question.instanceId)) throw new Error(`there is no instance ${question.instanceId}`)
  const nics = attachedInterfaces(now).get(question.instanceId) ?? []
  for (const nic of nics) {
    if (question.interfaceId !== undefined && question.interfaceId !== nic.id) continue
    const addressed = source.family === 4 ? nic.addresses : nic.ipv6
    if (addressed.length === 0) continue
    const rule = [...now.rules.values()].find(
      (each) => !each.egress && nic.groupIds.includes(each.groupId) && admits(now, each, question, source),
    )
    if (rule !== undefined) return { passes: true, by: { interfaceId: nic.id, groupId: rule.groupId, ruleId: rule.id } }
  }
  return { passes: false, by: null }
}

function admits(now: Tables, rule: GroupRule, { port, protocol }: Ec2Question, source: Block): boolean {
  if (rule.protocol !== '-1' && rule.protocol !== protocol.toLowerCase()) return false
  const hasPorts = rule.protocol === 'tcp' || rule.protocol === 'udp'
  if (hasPorts && (port < rule.fromPort || port > rule.toPort)) return false
  const { peer } = rule
  if ('cidr' in peer) return isWithin(peer.cidr, source)
  if ('prefixListId' in peer)
    return now.prefixLists.get(peer.prefixListId)?.cidrs.some((cidr) => isWithin(cidr, source)) ?? false
  return [...now.interfaces.values()].some((nic) => nic.groupIds.includes(peer.groupId) && hasAddress(nic, source))
}

/** Whoever wears a group comes from a private address of its interface. */
function hasAddress({ addresses, ipv6 }: NetworkInterface, source: Block): boolean {
  return [...addresses, ...ipv6].some((address) => {
    const block = readBlock(address)
    return block?.family === source.family && block.first === source.first
  })
}

function isWithin(cidr: string, source: Block): boolean {
  const block = readBlock(cidr)
  return block !== null && blockContains(block, source)
}
