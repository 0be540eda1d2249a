import type { Cloud } from '../../../src/cloud/port.ts'
import type { RegisterAccountInput } from '../../../src/commands/register-account.ts'

/** How slow the simulated cloud is, in milliseconds: each call, the write of a group and that of a firewall. */
export interface Pace {
  readonly latencyMs: number
  readonly operationMs: number
  readonly firewallOperationMs: number
}

/** Where a grant of a firewall comes in. */
export interface Way {
  readonly address: string
  readonly port: number
}

/** Machines behind boundaries of one kind, in a simulated cloud with the quotas of the real one. */
export interface Stage {
  readonly cloud: Cloud
  readonly account: RegisterAccountInput
  readonly vmIds: readonly string[]
  /** Until then the cloud answers at once. */
  pace(): void
  /** Whether a packet from `source` to port 22 of the machine passes: what the cloud says. */
  passes(vmId: string, source: string): boolean
  /** Whether one from `source` that is sent there gets through. */
  arrives(way: Way, source: string): boolean
  /** Calls so far that would change something. */
  writes(): number
  /** When each machine's boundary was first written to close something since `from` writes; null where a write says less. */
  closings(from: number): readonly number[] | null
  stop(): Promise<void>
}
