import type { Log } from '../log/log.ts'
import { sql } from '../store/sql.ts'
import type { Store } from '../store/store.ts'
import type { Clock } from '../time/clock.ts'
import { startDueLoop } from '../time/due-loop.ts'
import { keptDays } from './idempotency.ts'

/** How often to look for keys that are too old. */
const EVERY_MS = 3_600_000
/** Rows deleted by one statement: a transaction that takes long would hold back the activity feed. */
const BATCH = 1_000

/** Deletes the idempotency keys that are kept long enough, now and every hour. Any number may run over one database. */
export function startForgettingKeys(parts: {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  /** Keys deleted by one statement: 1,000 unless told. */
  readonly batch?: number
}): { stop(): Promise<void> } {
  const { store, clock, log, batch = BATCH } = parts
  // A batch that was full may have left some over, which are due at once.
  const turn = async () => ((await forgetKeys(store, batch)) === batch ? 0 : null)
  return startDueLoop({ turn, floorMs: EVERY_MS, clock, log })
}

/** Deletes up to `limit` keys, the oldest first and none that another process deletes; answers how many. */
async function forgetKeys(store: Store, limit: number): Promise<number> {
  const { rowCount } = await store.db.execute(sql`
    delete from idempotency_keys where ctid = any(array(
      select ctid from idempotency_keys where used_at < gateway_now() - make_interval(days => ${keptDays})
      order by used_at limit ${limit} for update skip locked))`)
  return rowCount ?? 0
}
