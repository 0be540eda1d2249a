import type { OsType } from './machine-shapes.ts'
import type { Place } from './place.ts'
import type { RuleSketch } from './rule-sketch.ts'

/** Where a machine's security groups stand: on its subnet, on its interfaces, on both, nowhere. */
export type GroupsOn = 'subnet' | 'nic' | 'both' | 'none'

/** A virtual machine, briefly. */
export interface MachineSketch {
  readonly name: string
  /** Linux when left out. */
  readonly os?: OsType
  /** On the subnet when left out. */
  readonly nsgs?: GroupsOn
  /** Foreign rules, in every group on the machine's path. */
  readonly rules?: readonly RuleSketch[]
  /** Foreign rules of the interfaces' groups only. */
  readonly nicRules?: readonly RuleSketch[]
  /** Machines that name the same subnet share it, and its group; each has one of its own when left out. */
  readonly subnet?: string
  /** Machines that name the same group share it on their interfaces; each interface has its own when left out. */
  readonly nicNsg?: string
  /** How many interfaces, all in the subnet; one when left out. */
  readonly nics?: number
  /** Gives each interface a v6 address besides. */
  readonly ipv6?: boolean
  /** Gives the first interface a public address: null is one that is not given out at the moment. */
  readonly publicAddress?: string | null
  /** Azure's word; `running` when left out. */
  readonly power?: string
  readonly size?: string
  readonly tags?: Readonly<Record<string, string>>
}

/** A NAT rule of a firewall, briefly: what is left out is `TCP`, from anywhere. */
export interface NatSketch {
  readonly name: string
  readonly sources?: readonly string[]
  readonly protocols?: readonly string[]
  /** A port at the firewall's first public address. */
  readonly port: number
  /** The machine of the same network that it leads to, by its first address. */
  readonly to: string
  readonly toPort: number
}

/** An Azure Firewall in a network, in a subnet of its own. */
export interface FirewallSketch {
  readonly name: string
  readonly publicAddresses: readonly string[]
  /** Its rules are kept in a policy of this name, by Firewall Manager; it has none of its own then. */
  readonly policy?: string
  /** Foreign NAT rules, in one collection. */
  readonly nat?: readonly NatSketch[]
}

/** A virtual network and the machines in it. */
export interface NetworkSketch {
  readonly place: Place
  readonly name: string
  readonly machines: readonly MachineSketch[]
  readonly firewall?: FirewallSketch
}

/** The ids of a drawn machine, lower-cased. */
export interface DrawnMachine {
  readonly name: string
  readonly vmId: string
  readonly nicIds: readonly string[]
  readonly subnetId: string
  /** Null where the subnet has no group. */
  readonly subnetNsgId: string | null
  /** One per interface; empty where they have none. */
  readonly nicNsgIds: readonly string[]
  /** Private addresses of the first interface. */
  readonly addresses: readonly string[]
  /** The firewall of its network; null where there is none. */
  readonly firewallId: string | null
}
