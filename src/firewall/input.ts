import type { Protocol } from '../access/words.ts'

/** A virtual machine behind a boundary whose ports a policy protects. */
export interface ProtectedMachine {
  readonly vmId: string
  /** Its private addresses behind this boundary, without prefix length. */
  readonly addresses: readonly string[]
  readonly ports: readonly { readonly port: number; readonly protocol: Protocol }[]
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
}

/** Everything the desired rules of one boundary follow from. */
export interface BoundaryInput {
  readonly machines: readonly ProtectedMachine[]
  readonly grants: readonly LiveGrant[]
}
