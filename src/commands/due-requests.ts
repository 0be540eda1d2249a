import { sql } from '../store/sql.ts'
import type { Store } from '../store/store.ts'
import { startWokenLoop, type WokenLoopParts } from '../store/woken-loop.ts'
import { announceEnds } from './announce-ends.ts'
import { lapseOverdue } from './lapse-requests.ts'
import { settleWaiting } from './settle-waiting.ts'
import { startScheduled } from './start-scheduled.ts'

/** How the work of time on requests is done; the figures have defaults that suit a gateway. */
export interface DueRequestsOptions extends WokenLoopParts {
  readonly store: Store
  /** How often to look when no hint came, in milliseconds. */
  readonly pollMs?: number
  /** Grants or requests of one transaction. */
  readonly batch?: number
}

/**
 * Does what is asked of time while requests wait: opens what is scheduled when its moment has come, lets lapse what
 * nobody decided, looks again at what policies may have settled, and announces the ends of open grants. What is due is
 * in the database, so any number may run over one, and one that was cut off is taken up by the next.
 */
export function startDueRequests(options: DueRequestsOptions): { stop(): Promise<void> } {
  const { store, log, pollMs = 1_000, batch = 200 } = options
  const turn = async (): Promise<number | null> => {
    // Each by itself: what keeps one from its work must not keep the others.
    const done = await Promise.allSettled(
      [startScheduled, lapseOverdue, settleWaiting, announceEnds].map((work) => work(store, batch)),
    )
    for (const one of done)
      if (one.status === 'rejected')
        log.error({ error: one.reason as unknown }, 'requests that are due were not served')
    const full = done.some((one) => one.status === 'fulfilled' && one.value === batch)
    const wait = full ? 0 : await untilNextDue(store)
    // What is due and was not served is in somebody else's hands.
    return wait === null || full ? wait : Math.max(wait, HELD_WAIT_MS)
  }
  return startWokenLoop(options, pollMs, turn)
}

/** How soon to look again at what another process works on, in milliseconds. */
const HELD_WAIT_MS = 20

/** Milliseconds until a grant begins or is to be announced to end, or a request to be looked at; null for nothing. */
async function untilNextDue(store: Store): Promise<number | null> {
  const { rows } = await store.db.execute<{ wait: number | null }>(sql`
    select ceil(extract(epoch from least(
      (select min(starts_at) from grants where state = 'SCHEDULED'),
      (select min(look_at) from requests where status = 'PENDING_APPROVAL'),
      (select min(notice_at) from grants where state = 'ACTIVE' and notice_at is not null)
    ) - gateway_now()) * 1000)::float8 as wait`)
  const wait = rows[0]?.wait ?? null
  return wait === null ? null : Math.max(0, wait)
}
