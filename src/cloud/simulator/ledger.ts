import type { WriteInfo } from './events.ts'
import { resourceIdOf, type ArmRequest } from './request.ts'
import { firewallType, groupType, keyOf } from './resource.ts'

/** One call that would write a group, a rule of it, or a firewall. */
export interface LoggedWrite {
  /** Milliseconds since the epoch, by the clock, when the call arrived. */
  readonly at: number
  readonly method: string
  /** Lower-cased. */
  readonly resourceId: string
  /** Null when the answer was lost on the way. */
  readonly status: number | null
  /** What the commit added and took away; both empty when nothing was committed. */
  readonly ruleNamesAdded: readonly string[]
  readonly ruleNamesRemoved: readonly string[]
}

export interface CallCounts {
  readonly total: number
  readonly lists: number
  readonly gets: number
  readonly polls: number
  readonly puts: number
  readonly deletes: number
  /** Answered with a status of 400 or more. */
  readonly refused: number
}

const written = new Set([groupType, firewallType].map((type) => type.toLowerCase()))

/** How many writes are remembered. */
const MOST_REMEMBERED = 20_000

/** Counts calls, and remembers the writes among them. */
export interface Ledger {
  readonly writes: readonly LoggedWrite[]
  readonly counts: CallCounts
  /** Notes an answered call; `committed` is what it wrote, if it did, and null `status` means the answer was lost. */
  answered(request: ArmRequest, status: number | null, committed: WriteInfo | undefined): void
}

export function createLedger(): Ledger {
  const writes: LoggedWrite[] = []
  const counts = { total: 0, lists: 0, gets: 0, polls: 0, puts: 0, deletes: 0, refused: 0 }
  return {
    writes,
    counts,
    answered(request, status, committed) {
      counts.total += 1
      counts[kindOf(request)] += 1
      if (status !== null && status >= 400) counts.refused += 1
      const { method, target, atMs } = request
      if (method === 'GET' || !written.has(target.type?.toLowerCase() ?? '')) return
      writes.push({
        at: atMs,
        method,
        resourceId: keyOf(resourceIdOf(target)),
        status,
        ruleNamesAdded: committed?.ruleNamesAdded ?? [],
        ruleNamesRemoved: committed?.ruleNamesRemoved ?? [],
      })
      if (writes.length > MOST_REMEMBERED) writes.shift()
    },
  }
}

function kindOf({ method, target }: ArmRequest): 'lists' | 'gets' | 'polls' | 'puts' | 'deletes' {
  if (method === 'PUT') return 'puts'
  if (method === 'DELETE') return 'deletes'
  if (target.type?.toLowerCase() === 'microsoft.network/locations') return 'polls'
  return target.type !== null && target.name === null ? 'lists' : 'gets'
}
