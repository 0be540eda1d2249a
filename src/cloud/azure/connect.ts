import { systemClock, type Clock } from '../../time/clock.ts'
import type { Cloud } from '../port.ts'
import { boundaries } from './boundary.ts'
import { createArmClient } from './client.ts'
import { openCredential, type AzureCredential } from './credential.ts'
import { readInventory } from './inventory.ts'

export type { AzureCredential } from './credential.ts'

/** Where Azure Resource Manager is, and who asks. Nothing else tells one cloud from another. */
export interface AzureOptions {
  /** Such as `https://management.azure.com`. */
  readonly endpoint: string
  readonly credential: AzureCredential
  /** Audience of the token; null: the endpoint itself, which holds for public and sovereign clouds. */
  readonly audience: string | null
  /** PEM of an authority to trust for the endpoint; null: those of the system. */
  readonly certificateAuthority: string | null
  readonly clock?: Clock
  /** How long one call may take, in milliseconds: 30 seconds unless told. */
  readonly callTimeoutMs?: number
  /** How long the write of a group may take, in milliseconds: 5 minutes unless told. */
  readonly operationTimeoutMs?: number
  /** How long the write of a firewall may take, in milliseconds: 20 minutes unless told, of which 5 are usual. */
  readonly firewallTimeoutMs?: number
}

/** Azure, as the enforcer and the inventory sync see clouds. Nothing is called before it is used. */
export function connectAzure(options: AzureOptions): Cloud {
  const { endpoint, certificateAuthority, clock = systemClock } = options
  const { callTimeoutMs = 30_000 } = options
  const client = createArmClient({
    endpoint,
    scope: `${(options.audience ?? endpoint).replace(/\/+$/, '')}/.default`,
    credential: openCredential(options.credential, callTimeoutMs),
    certificateAuthority,
    callTimeoutMs,
    now: () => clock.now(),
  })
  const groups = { firstMs: 60, mostMs: 2_000, giveUpAfterMs: options.operationTimeoutMs ?? 300_000 }
  const firewalls = { firstMs: 60, mostMs: 10_000, giveUpAfterMs: options.firewallTimeoutMs ?? 1_200_000 }
  return {
    ...boundaries(client, { groups, firewalls }, clock),
    inventory: (accountId, signal) => readInventory(client, accountId, signal),
  }
}
