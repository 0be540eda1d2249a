import type { GrantFactKind } from '../../../src/access/facts.ts'
import { gatewayActor } from '../../../src/access/words.ts'
import type { Activity, Feed } from '../../../src/activity/activity.ts'
import { machineKey, resourceGroup, subscription } from '../support/small-estate.ts'

/** A feed without a database: what a test commits goes to whoever reads by then. */
export interface HandFeed extends Feed {
  commit(row: Activity): void
  /** Ends every reader with this error. */
  fail(error: Error): void
  /** Resolves when every reader has taken what was committed and waits for more. */
  drained(): Promise<void>
  /** How many read now. */
  readonly readers: number
}

interface Reader {
  readonly rows: Activity[]
  wake: () => void
  waiting: boolean
  failure: Error | null
}

export function handFeed(): HandFeed {
  const readers = new Set<Reader>()
  return {
    async *read(_after, wanted, signal) {
      const reader: Reader = { rows: [], wake: () => {}, waiting: false, failure: null }
      readers.add(reader)
      const wake = () => reader.wake()
      signal.addEventListener('abort', wake)
      try {
        while (!signal.aborted) {
          if (reader.failure !== null) throw reader.failure
          const row = reader.rows.shift()
          if (row !== undefined) {
            if (wanted(row)) yield row
            continue
          }
          reader.waiting = true
          await new Promise<void>((resolve) => (reader.wake = resolve))
          reader.waiting = false
        }
      } finally {
        signal.removeEventListener('abort', wake)
        readers.delete(reader)
      }
    },
    commit(row) {
      for (const reader of readers) {
        reader.rows.push(row)
        reader.wake()
      }
    },
    fail(error) {
      for (const reader of readers) {
        reader.failure = error
        reader.wake()
      }
    },
    async drained() {
      const idle = () => [...readers].every(({ rows, waiting }) => waiting && rows.length === 0)
      do await new Promise((resolve) => setImmediate(resolve))
      while (!idle())
    },
    get readers() {
      return readers.size
    },
  }
}

let position = 0

/** A fact of a grant of `requester` (ada unless told) to a machine of the small estate. */
export function grantFact(kind: GrantFactKind, of: { vm: string; requester?: string; grant?: string }): Activity {
  return {
    cursor: { transaction: '700', position: String(++position) },
    at: '2026-01-05T08:00:00.000Z',
    kind,
    actor: gatewayActor,
    accountId: subscription,
    resourceGroupId: resourceGroup,
    vmId: machineKey(of.vm),
    boundaryId: null,
    policyId: null,
    requestId: '0199a1b2-0000-7000-8000-000000000001',
    grantId: of.grant ?? '0199a1b2-0000-7000-8000-000000000002',
    requesterId: of.requester ?? 'ada',
    correlationId: null,
    detail: {
      state: 'OPENING',
      port: 22,
      protocol: 'TCP',
      sources: ['203.0.113.7/32'],
      endsAt: null,
      endReason: null,
      fault: null,
    },
  }
}

/** A fact of a role that changed. */
export function roleFact(kind: 'RoleAssigned' | 'RoleRemoved'): Activity {
  return {
    ...grantFact('GrantOpening', { vm: 'none' }),
    kind,
    vmId: null,
    grantId: null,
    requestId: null,
    requesterId: null,
    detail: { role: 'READER', principalKind: 'USER', principalId: 'rita', scope: resourceGroup },
  }
}
