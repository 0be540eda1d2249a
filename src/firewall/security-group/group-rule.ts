import { formatPrefix } from '../../access/prefix.ts'
import { anyPort, prefixOf } from '../match.ts'
import { shortHash } from '../opening.ts'
import { OUR_PREFIX, type PortRange, type Rule } from '../rule.ts'

/** An inbound rule of a security group of EC2 with all that it takes to write it again. */
export interface GroupRule {
  readonly groupId: string
  /** Such as `sgr-0a1b2c3d4e5f60718`; a rule that is written again gets another. */
  readonly ruleId: string
  /** As EC2 says it: `tcp`, `udp`, `icmp`, `icmpv6`, `-1` for all of them, or a number. */
  readonly protocol: string
  /** The first port, or the type of ICMP; -1 is all. */
  readonly fromPort: number
  /** The last port, or the code of ICMP; -1 is all. */
  readonly toPort: number
  readonly source: GroupRuleSource
  /** Null when it has none. */
  readonly description: string | null
  readonly tags: Readonly<Record<string, string>>
}

/** Whom a rule lets in: addresses, a list of addresses that is kept elsewhere, or whoever wears a security group. */
export type GroupRuleSource =
  | { readonly cidr: string }
  | { readonly prefixListId: string }
  | {
      readonly referencedGroupId: string
      /** The account of the group; null when EC2 does not say. */
      readonly ownerId: string | null
      /** Of a group in a peered VPC; null otherwise. */
      readonly peeringConnectionId: string | null
    }

/** What a rule admits, in one text. EC2 takes no second rule that admits the same into a group, whatever else it says. */
export function admissionOf({ protocol, fromPort, toPort, source }: Omit<GroupRule, 'groupId' | 'ruleId'>): string {
  return `${protocol} ${fromPort}-${toPort} ${sourceText(source)}`
}

/** The same of a rule in a group. */
export function placeOf(rule: GroupRule): string {
  return `${rule.groupId} ${admissionOf(rule)}`
}

/** The name of a rule of ours, made from what it admits: whoever computes it finds the rule again. */
export function ourName(rule: Omit<GroupRule, 'groupId' | 'ruleId'>): string {
  return `${OUR_PREFIX}Allow-${shortHash(admissionOf(rule))}`
}

/** The name by which a rule of others is spoken of. */
export function foreignName({ groupId, ruleId }: Pick<GroupRule, 'groupId' | 'ruleId'>): string {
  return `${groupId}/${ruleId}`
}

/** A rule in the words that all boundaries share. EC2 evaluates in no order: every rule has the number 0. */
export function toRule(rule: GroupRule, ours: boolean): Rule {
  return {
    name: ours ? ourName(rule) : foreignName(rule),
    description: rule.description ?? '',
    priority: 0,
    access: 'ALLOW',
    protocol: protocolOf(rule.protocol),
    sources: [sourceText(rule.source)],
    sourcePorts: [anyPort],
    destinations: ['*'],
    ports: [portsOf(rule)],
  }
}

function protocolOf(protocol: string): Rule['protocol'] {
  if (protocol === '-1') return 'ANY'
  if (protocol === 'tcp' || protocol === '6') return 'TCP'
  return protocol === 'udp' || protocol === '17' ? 'UDP' : 'OTHER'
}

function portsOf({ protocol, fromPort, toPort }: GroupRule): PortRange {
  const known = ['TCP', 'UDP'].includes(protocolOf(protocol))
  return known && fromPort >= 0 ? { first: fromPort, last: toPort } : anyPort
}

function sourceText(source: GroupRuleSource): string {
  if ('prefixListId' in source) return source.prefixListId
  if ('referencedGroupId' in source)
    return source.ownerId === null ? source.referencedGroupId : `${source.ownerId}/${source.referencedGroupId}`
  const prefix = prefixOf(source.cidr)
  return prefix === null ? source.cidr : formatPrefix(prefix)
}
