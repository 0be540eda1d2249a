import { gatewayActor } from '../access/words.ts'
import { nothingSaid } from '../store/request-facts.ts'
import { sql } from '../store/sql.ts'
import type { Store, Transaction } from '../store/store.ts'
import { closeRequests } from './close-request.ts'

/** Lets requests lapse, held by the caller, that nobody decided in time. */
export function lapse(tx: Transaction, requestIds: readonly string[]): Promise<void> {
  const reason = 'Nobody decided in time.'
  return closeRequests(tx, requestIds, 'LAPSED', gatewayActor, { ...nothingSaid, reason })
}

/** Lets up to `limit` requests lapse whose time is over by the database's clock; answers how many. */
export function lapseOverdue(store: Store, limit: number): Promise<number> {
  return store.db.transaction(async (tx) => {
    const { rows } = await tx.execute<{ id: string }>(sql`
      select id from requests
      where status = 'PENDING_APPROVAL' and look_at <= gateway_now() and decide_by <= gateway_now()
      order by look_at limit ${limit} for no key update skip locked`)
    await lapse(
      tx,
      rows.map(({ id }) => id),
    )
    return rows.length
  })
}
