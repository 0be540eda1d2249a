import { systemClock, type Clock } from '../../time/clock.ts'
import type { Cloud } from '../port.ts'
import { interfaceGroups } from './boundary.ts'
import { createEc2 } from './client.ts'
import type { AwsCredential, AwsRole } from './credential.ts'
import { readInventory } from './inventory.ts'
import { listsOf } from './list.ts'

export type { AwsCredential, AwsRole } from './credential.ts'

/** Where AWS is, and who asks. Nothing else tells one cloud from another. */
export interface AwsOptions {
  /** Of EC2 and of the token service, in all regions; null: AWS's own. */
  readonly endpoint: string | null
  readonly credential: AwsCredential
  /** Assumed in each account; null: the credential's own account is the only one. */
  readonly role: AwsRole | null
  /** Regions to manage; empty: all that are switched on for an account. */
  readonly regions: readonly string[]
  readonly clock?: Clock
  /** How long one call may take, in milliseconds: 30 seconds unless told. */
  readonly callTimeoutMs?: number
}

/** AWS, as the enforcer and the inventory sync see clouds. Nothing is called, nor loaded, before it is used. */
export function connectAws(options: AwsOptions): Cloud {
  const { endpoint, credential, role, regions, clock = systemClock, callTimeoutMs = 30_000 } = options
  const ec2 = createEc2({ endpoint, credential, role, callTimeoutMs, clock })
  const lists = listsOf(ec2)
  return {
    ...interfaceGroups(ec2, lists, clock),
    async *inventory(accountId, signal) {
      yield* await readInventory(ec2, lists, accountId, regions, signal)
    },
  }
}
