import { gatewayActor } from '../access/words.ts'
import { sql } from '../store/sql.ts'
import type { Store } from '../store/store.ts'
import { openWaiting } from './open-waiting.ts'
import { evaluateAgain, readWaiting } from './waiting-grants.ts'

/**
 * Opens up to `limit` grants whose beginning has come by the database's clock, or closes those that no longer pass;
 * answers how many were due. Several may run at once: each takes others.
 */
export function startScheduled(store: Store, limit: number): Promise<number> {
  return store.db.transaction(async (tx) => {
    // Found and evaluated without their locks: everybody locks policies before grants.
    const due = await tx.execute<{ id: string }>(sql`
      select id from grants where state = 'SCHEDULED' and starts_at <= gateway_now() order by starts_at limit ${limit}`)
    const ids = due.rows.map(({ id }) => id)
    if (ids.length === 0) return 0
    const grants = await readWaiting(tx, sql`not p.extends and p.id = any(${sql.param(ids)}::uuid[])`)
    const outcomes = await evaluateAgain(tx, grants)
    const held = await tx.execute<{ id: string }>(sql`
      select id from grants where id = any(${sql.param(ids)}::uuid[]) and state = 'SCHEDULED'
      order by id for no key update skip locked`)
    const mine = new Set(held.rows.map(({ id }) => id))
    await openWaiting(
      tx,
      outcomes.filter(({ grant }) => mine.has(grant.id)),
      gatewayActor,
    )
    return mine.size
  })
}
