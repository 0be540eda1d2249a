/** Tags as EC2 keeps them, in no order. */
export type Tags = Readonly<Record<string, string>>

export interface Account {
  readonly accountId: string
  readonly name: string
  /** Regions that are switched on for it. */
  readonly regions: readonly string[]
}

/** Everything below is in a VPC, and by it in a region of an account. */
export interface Vpc {
  readonly id: string
  readonly accountId: string
  readonly region: string
  readonly cidr: string
  readonly tags: Tags
}

export interface Subnet {
  readonly id: string
  readonly vpcId: string
  readonly cidr: string
  readonly zone: string
}

/** A list of addresses that rules name by its id. */
export interface PrefixList {
  readonly id: string
  readonly accountId: string
  readonly region: string
  readonly cidrs: readonly string[]
}

export interface Instance {
  readonly id: string
  readonly vpcId: string
  readonly subnetId: string
  /** EC2's word, such as `running`. */
  readonly state: string
  /** Such as `Linux/UNIX` or `Windows`. */
  readonly platformDetails: string
  readonly instanceType: string
  readonly launchedAt: string
  readonly tags: Tags
}

export interface NetworkInterface {
  readonly id: string
  readonly vpcId: string
  readonly subnetId: string
  readonly description: string
  /** Null while it is attached to no instance: a load balancer's, for one. */
  readonly attachment: { readonly instanceId: string; readonly deviceIndex: number } | null
  /** Belongs to a service of AWS, and cannot be changed by the account. */
  readonly requesterManaged: boolean
  /** Private addresses of IPv4, the primary one first. */
  readonly addresses: readonly string[]
  readonly ipv6: readonly string[]
  readonly publicAddress: string | null
  /** Ids of the groups it wears. */
  readonly groupIds: readonly string[]
  readonly tags: Tags
}

export interface Group {
  readonly id: string
  readonly vpcId: string
  /** Cannot be changed; one of a kind within the VPC. */
  readonly name: string
  readonly description: string
  readonly tags: Tags
}

/** A rule of a group, in or out, with one source or destination. */
export interface GroupRule {
  readonly id: string
  readonly groupId: string
  readonly egress: boolean
  /** As EC2 shows it: `tcp`, `udp`, `icmp`, `icmpv6`, `-1`, or a number. */
  readonly protocol: string
  readonly fromPort: number
  readonly toPort: number
  readonly peer: Peer
  readonly description: string | null
  readonly tags: Tags
}

/** Whom a rule is about. */
export type Peer =
  | { readonly cidr: string }
  | { readonly prefixListId: string }
  | { readonly groupId: string; readonly ownerId: string; readonly peeringConnectionId: string | null }

/** Everything a simulated EC2 holds, fit to be written as JSON. */
export interface Ec2Estate {
  readonly accounts: readonly Account[]
  readonly vpcs: readonly Vpc[]
  readonly subnets: readonly Subnet[]
  readonly prefixLists: readonly PrefixList[]
  readonly instances: readonly Instance[]
  readonly interfaces: readonly NetworkInterface[]
  readonly groups: readonly Group[]
  readonly rules: readonly GroupRule[]
}

/** What a rule admits, in one text: no group has two rules that admit the same in one direction. */
export function admissionOf({ egress, protocol, fromPort, toPort, peer }: GroupRule): string {
  const who =
    'cidr' in peer ? peer.cidr : 'prefixListId' in peer ? peer.prefixListId : `${peer.ownerId}/${peer.groupId}`
  return `${egress ? 'out' : 'in'} ${protocol} ${String(fromPort)}-${String(toPort)} ${who}`
}

/** A fresh id of EC2's form. */
export function newId(prefix: 'sg' | 'sgr'): string {
  return `${prefix}-0${crypto.randomUUID().replaceAll('-', '').slice(0, 16)}`
}
