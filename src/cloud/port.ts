import type { OperatingSystem, PowerState } from '../access/words.ts'
import type { RuleChanges } from '../firewall/rule.ts'
import type { LeftRule } from '../firewall/security-group/taking.ts'
import type { Shown } from '../firewall/shown.ts'

/** What a boundary showed at one reading. */
export interface Observation extends Shown {
  /** Lower-cased resource id. */
  readonly boundaryId: string
  /** Changes with every write; a write that names an older one is refused. */
  readonly etag: string
  /** The cloud's whole answer, handed back unread to `apply` so that nothing in it is lost. */
  readonly raw: unknown
}

/** What a finished write left behind for the audit trail. */
export interface Applied {
  /** The cloud's own correlation id of the write; null when it gave none. */
  readonly correlationId: string | null
  /** Foreign rules that were not taken away, or not written again, each with the reason; none when left out. */
  readonly left?: readonly LeftRule[]
}

/** One cloud, as the enforcer and the inventory sync see it. Every method fails with a `CloudError` only. */
export interface Cloud {
  /** Reads a boundary's rules now. */
  observe(boundaryId: string, signal?: AbortSignal): Promise<Observation>
  /**
   * Writes the changes in one call on top of `observation`, and answers when the cloud says that the write has ended.
   * Refused with `Conflict` when the boundary changed since. Foreign rules go back byte for byte.
   */
  apply(observation: Observation, changes: RuleChanges, signal?: AbortSignal): Promise<Applied>
  /**
   * What there is to build a write upon once the boundary itself is gone: foreign rules may still have to be written
   * again. Left out where nothing can.
   */
  rest?(boundaryId: string): Observation
  /** The account's inventory, a page at a time, in an order in which whatever a page refers to may come later. */
  inventory(accountId: string, signal?: AbortSignal): AsyncIterable<InventoryPage>
}

/** A page of one kind of resource. All ids are lower-cased resource ids; addresses carry no prefix length. */
export type InventoryPage =
  | { readonly kind: 'virtualMachines'; readonly items: readonly FoundVirtualMachine[] }
  | { readonly kind: 'interfaces'; readonly items: readonly FoundInterface[] }
  | {
      readonly kind: 'publicAddresses'
      readonly items: readonly { readonly id: string; readonly address: string | null }[]
    }
  | { readonly kind: 'subnets'; readonly items: readonly FoundSubnet[] }
  | { readonly kind: 'boundaries'; readonly items: readonly FoundBoundary[] }
  | { readonly kind: 'jitRulings'; readonly items: readonly JitRuling[] }

/** What the cloud's own policy says of just-in-time access at a scope; a nearer scope says better. */
export interface JitRuling {
  readonly id: string
  /** Lower-cased; `/` for what holds the whole account. */
  readonly scope: string
  /** Scopes within it of which it says nothing. */
  readonly exceptScopes: readonly string[]
  readonly allowed: boolean
}

export interface FoundVirtualMachine {
  readonly id: string
  readonly name: string
  readonly resourceGroup: string
  readonly location: string
  /** Deployed in the classic model, which the gateway cannot protect. */
  readonly classic: boolean
  readonly os: OperatingSystem | null
  /** The user that it was made with; null when the cloud does not say. */
  readonly adminUserName: string | null
  readonly power: PowerState
  readonly tags: Readonly<Record<string, string>>
  readonly interfaces: readonly { readonly id: string; readonly primary: boolean }[]
}

export interface FoundInterface {
  readonly id: string
  readonly boundaryId: string | null
  readonly configurations: readonly {
    readonly address: string | null
    readonly subnetId: string | null
    readonly publicAddressId: string | null
  }[]
}

export interface FoundSubnet {
  readonly id: string
  readonly boundaryId: string | null
  /** Its CIDRs; none when left out. */
  readonly prefixes?: readonly string[]
}

export interface FoundBoundary extends Observation {
  readonly name: string
  readonly resourceGroup: string
  readonly location: string
  /** Where a firewall stands, through which others in its network are reached; other kinds leave it out. */
  readonly gate?: FoundGate
}

export interface FoundGate {
  /** Its own subnet: what comes through it has an address of this. Null when it stands in no network. */
  readonly subnetId: string | null
  /** Where it is reached, the first one first. */
  readonly publicAddressIds: readonly string[]
  /** Its rules are kept elsewhere (Firewall Manager), where the gateway does not write. */
  readonly managedByPolicy: boolean
}
