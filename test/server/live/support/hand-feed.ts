import type { GrantFactKind } from '../../../../src/access/fact-kinds.ts'
import { gatewayActor } from '../../../../src/access/words.ts'
import type { Activity, Cursor, Feed } from '../../../../src/activity/activity.ts'
import { compareCursors } from '../../../../src/activity/cursor.ts'
import { machineKey, resourceGroup, subscription } from '../../../graphql/support/small-estate.ts'

/** A log in memory: what a test commits goes to whoever reads it. */
export interface HandFeed extends Feed {
  commit(...facts: readonly Activity[]): void
  /** Fails every reader with this error. */
  fail(error: Error): void
  /** Resolves when every reader has taken what was committed and waits for more. */
  drained(): Promise<void>
  /** How many read now. */
  readonly readers: number
  /** How many pages of history were read. */
  readonly pages: number
}

interface Reader {
  next: number
  waiting: boolean
  failure: Error | null
  wake: () => void
}

export function handFeed(): HandFeed {
  const log: Activity[] = []
  const readers = new Set<Reader>()
  let pages = 0
  const placeAfter = (cursor: Cursor) => {
    const place = log.findIndex((fact) => compareCursors(fact.cursor, cursor) > 0)
    return place < 0 ? log.length : place
  }
  const wakeAll = () => {
    for (const reader of readers) reader.wake()
  }
  return {
    now() {
      const next = BigInt(log.at(-1)?.cursor.transaction ?? '1') + 1n
      return Promise.resolve({
        start: { transaction: String(next), position: '0' },
        holds: (transaction: string) => BigInt(transaction) < next,
        isBefore: (transaction: string) => BigInt(transaction) >= next,
      })
    },
    async history(after, limit) {
      pages += 1
      const first = placeAfter(after)
      const settled = log.slice(first, first + limit)
      await new Promise((resolve) => setImmediate(resolve))
      return { settled, full: settled.length === limit, unsettled: false }
    },
    async *read(after, signal) {
      const reader: Reader = { next: placeAfter(after), waiting: false, failure: null, wake: () => {} }
      readers.add(reader)
      const wake = () => reader.wake()
      signal.addEventListener('abort', wake)
      try {
        while (!signal.aborted) {
          if (reader.failure !== null) throw reader.failure
          const fact = log[reader.next]
          if (fact !== undefined) {
            reader.next += 1
            yield fact
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
    commit(...facts) {
      log.push(...facts)
      wakeAll()
    },
    fail(error) {
      for (const reader of readers) reader.failure = error
      wakeAll()
    },
    async drained() {
      const idle = () => [...readers].every(({ next, waiting }) => waiting && next === log.length)
      do await new Promise((resolve) => setImmediate(resolve))
      while (!idle())
    },
    get readers() {
      return readers.size
    },
    get pages() {
      return pages
    },
  }
}

let position = 0

/** A fact of a grant of `requester` (ada unless told) to a machine of the small estate. */
export function grantFact(kind: GrantFactKind, of: { vm: string; requester?: string; grant?: string }): Activity {
  return {
    cursor: { transaction: String(699 + ++position), position: String(position) },
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
      startsAt: null,
      refusals: [],
      endReason: null,
      fault: null,
    },
  }
}

/** A fact of a role that changed: rita's, unless told. */
export function roleFact(kind: 'RoleAssigned' | 'RoleRemoved', principalId = 'rita'): Activity {
  return {
    ...grantFact('GrantOpening', { vm: 'none' }),
    kind,
    vmId: null,
    grantId: null,
    requestId: null,
    requesterId: null,
    detail: { role: 'READER', principalKind: 'USER', principalId, scope: resourceGroup },
  }
}

/** A fact of a role that people made and that allows something else than before. */
export function customRoleFact(roleId: string): Activity {
  const detail = { roleId, name: 'own', scope: '/', actions: [] }
  return { ...roleFact('RoleAssigned'), kind: 'CustomRoleUpdated', detail }
}
