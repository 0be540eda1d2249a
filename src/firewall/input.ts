import type { Protocol } from '../access/words.ts'
import type { Endpoint } from './rule.ts'
import type { GroupRule } from './security-group/group-rule.ts'

/** A virtual machine behind a boundary whose ports a policy protects. */
export interface ProtectedMachine {
  readonly vmId: string
  /** Its private addresses behind this boundary, without prefix length. */
  readonly addresses: readonly string[]
  readonly ports: readonly { readonly port: number; readonly protocol: Protocol }[]
  /** Whether foreign rules of security groups that admit only such ports are taken away; not when left out. */
  readonly closesForeignRules?: boolean
}

/** A grant that must be open now at a boundary. */
export interface LiveGrant {
  readonly grantId: string
  readonly vmId: string
  /** The machine's private addresses behind this boundary, without prefix length. */
  readonly addresses: readonly string[]
  readonly port: number
  readonly protocol: Protocol
  /** Canonical CIDRs. */
  readonly sources: readonly string[]
  /** The latest moment the window can end, ISO 8601 in UTC: written into the rule so that it can be closed from the cloud alone. */
  readonly endsAt: string
  /** Where an Azure Firewall was last seen to let it in; left out, or null, where none was. */
  readonly endpoint?: Endpoint | null
  /** The end of its window, ISO 8601 in UTC; left out, or null, while it has none. */
  readonly windowEndsAt?: string | null
  /** Whether the boundary must let go of it before the write after the next could begin; not when left out. */
  readonly leavesSoon?: boolean
}

/** A grant that this boundary must be proven not to admit any more. */
export interface EndedGrant {
  readonly grantId: string
  readonly vmId: string
  readonly addresses: readonly string[]
  readonly port: number
  readonly protocol: Protocol
  readonly sources: readonly string[]
  /** In CLOSING; otherwise an opening given up, or a grant whose path has left this boundary. */
  readonly closing: boolean
  /** The end, ISO 8601, ahead of which this boundary lets go of a grant that is ACTIVE; left out, or null, of all others. */
  readonly leaving?: string | null
}

/** What a grant's rule at a boundary was last observed to be. */
export interface KnownRule {
  readonly grantId: string
  readonly ruleName: string
}

/** Everything the desired rules of one boundary follow from. */
export interface BoundaryInput {
  readonly machines: readonly ProtectedMachine[]
  readonly grants: readonly LiveGrant[]
}

/** What is known of a boundary besides: what it must show no more, and what it showed before. */
export interface BoundaryFacts extends BoundaryInput {
  readonly ended: readonly EndedGrant[]
  readonly known: readonly KnownRule[]
  /** The public addresses of an Azure Firewall, the first one first; none when left out. */
  readonly publicAddresses?: readonly string[]
  /** Foreign rules of security groups that were taken away, or were about to be; none when left out. */
  readonly taken?: readonly GroupRule[]
}
