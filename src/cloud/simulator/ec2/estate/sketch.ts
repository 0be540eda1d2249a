/** A rule of a group, briefly: what is left out is TCP, inbound, from everywhere. */
export interface RuleSketch {
  readonly protocol?: string
  /** One port, or the first and the last. */
  readonly port?: number | readonly [number, number]
  /** A CIDR, the name of a group of the same VPC, or the id of a prefix list. */
  readonly from?: string
  readonly description?: string
  readonly tags?: Readonly<Record<string, string>>
}

/** An instance, briefly. */
export interface InstanceSketch {
  readonly name: string
  /** Linux when left out. */
  readonly os?: 'Linux' | 'Windows'
  /** Names of the groups that each of its interfaces wears; one named after the instance when left out. */
  readonly groups?: readonly string[]
  /** How many interfaces; one when left out. */
  readonly interfaces?: number
  /** Gives each interface a v6 address besides. */
  readonly ipv6?: boolean
  readonly publicAddress?: string
  /** EC2's word; `running` when left out. */
  readonly state?: string
  readonly tags?: Readonly<Record<string, string>>
}

/** A VPC of a region of an account, with what is in it. */
export interface VpcSketch {
  readonly accountId: string
  readonly region: string
  readonly name: string
  /** The first two numbers of its addresses, such as `10.20`. */
  readonly network: string
  /** Rules by the name of the group; a group that only instances name has none. */
  readonly groups: Readonly<Record<string, readonly RuleSketch[]>>
  readonly prefixLists?: Readonly<Record<string, readonly string[]>>
  readonly instances: readonly InstanceSketch[]
  /** Interfaces of services of AWS, such as a load balancer's, with the groups that they wear. */
  readonly services?: readonly { readonly name: string; readonly groups: readonly string[] }[]
}

/** The ids of a drawn instance. */
export interface DrawnInstance {
  readonly name: string
  readonly instanceId: string
  readonly interfaceIds: readonly string[]
  readonly vpcId: string
  readonly addresses: readonly string[]
}
