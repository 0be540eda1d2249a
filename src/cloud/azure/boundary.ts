import type { RuleChanges } from '../../firewall/rule.ts'
import { pause, type Clock } from '../../time/clock.ts'
import { CloudError } from '../error.ts'
import type { Applied, Cloud, Observation } from '../port.ts'
import { correlationIdOf, unexpectedAnswer, type Json } from './answer.ts'
import type { ArmClient } from './client.ts'
import { changedFirewall, readFirewall } from './firewall.ts'
import { changedGroup, readGroup } from './group.ts'
import { awaitOperation, isUpdating, type Cadence } from './operation.ts'

/** The version of Microsoft.Network that boundaries are read and written in. */
export const NETWORK_VERSION = '2025-05-01'

/** How long a reading waits for somebody's write to end, in milliseconds. */
const SETTLE_WITHIN_MS = 10_000

/** How often writes are looked at, and how long they are waited for, by kind. */
export interface Cadences {
  readonly groups: Cadence
  readonly firewalls: Cadence
}

/** How boundaries of one kind are read and written, each as a whole. */
interface Kind {
  readonly name: string
  readonly cadence: Cadence
  readonly read: (raw: unknown) => Observation
  readonly changed: (raw: unknown, changes: RuleChanges) => Json
}

/** Reading and writing of network security groups and firewalls, told apart by their ids. */
export function boundaries(
  client: ArmClient,
  { groups, firewalls }: Cadences,
  clock: Clock,
): Pick<Cloud, 'observe' | 'apply'> {
  const group: Kind = { name: 'network security group', cadence: groups, read: readGroup, changed: changedGroup }
  const firewall: Kind = { name: 'firewall', cadence: firewalls, read: readFirewall, changed: changedFirewall }
  const kindOf = (boundaryId: string) =>
    boundaryId.toLowerCase().includes('/microsoft.network/azurefirewalls/') ? firewall : group
  return {
    /**
     * While a write is in progress, what is shown is not yet what packets meet: such a reading would prove nothing. It
     * is waited for, and then left for later as a conflict. A boundary whose last write failed is read as it stands,
     * since only the next write mends it; that our own write failed was told by its operation.
     */
    async observe(boundaryId, signal) {
      const { name, cadence, read } = kindOf(boundaryId)
      const deadline = clock.now() + SETTLE_WITHIN_MS
      for (let wait = cadence.firstMs; ; wait = Math.min(wait * 2, cadence.mostMs)) {
        const { body } = await client.get(boundaryId, { 'api-version': NETWORK_VERSION }, signal)
        if (!isUpdating(body)) {
          const observation = read(body)
          // Another one's rules would prove nothing of this one.
          if (observation.boundaryId !== boundaryId.toLowerCase()) throw unexpectedAnswer(`another ${name}`)
          return observation
        }
        if (clock.now() + wait > deadline || signal?.aborted)
          throw new CloudError(
            'CONFLICT',
            'AnotherOperationInProgress',
            `Another write to the ${name} has not ended; the gateway looks again.`,
          )
        await pause(clock, wait, signal)
      }
    },
    async apply(observation, changes, signal): Promise<Applied> {
      const { boundaryId, etag, raw } = observation
      const { cadence, changed } = kindOf(boundaryId)
      const answer = await client.put(boundaryId, NETWORK_VERSION, etag, changed(raw, changes), signal)
      await awaitOperation(client, answer, cadence, clock, signal)
      return { correlationId: correlationIdOf(answer) }
    },
  }
}
