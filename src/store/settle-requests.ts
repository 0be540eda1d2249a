import { sql, type SQL } from 'drizzle-orm'
import type { Actor } from '../access/words.ts'
import { nothingSaid, recordRequests } from './request-facts.ts'
import type { Transaction } from './store.ts'

/**
 * Locks the requests that wait for approval of grants which `which` selects, or of their extension, ahead of the grants:
 * everybody locks policies, then requests, then grants. Answers their ids.
 */
export async function holdWaitingRequests(tx: Transaction, which: SQL): Promise<string[]> {
  const { rows } = await tx.execute<{ id: string }>(sql`
    select r.id from requests r where r.status = 'PENDING_APPROVAL' and r.id in (
      select request_id from requested_ports where waits and ${which}
    ) order by r.id for no key update`)
  return rows.map(({ id }) => id)
}

/**
 * Brings held requests in line after some of their grants ended: one of which nothing is left to decide lapses, and of
 * the others the gateway looks whether what is left has the approvals it needs.
 */
export async function settleRequests(tx: Transaction, requestIds: readonly string[], actor: Actor): Promise<void> {
  if (requestIds.length === 0) return
  const ids = sql.param(requestIds)
  const { rows } = await tx.execute<{ id: string }>(sql`
    update requests r set status = 'LAPSED', decided_at = gateway_now()
    where r.id = any(${ids}::uuid[]) and r.status = 'PENDING_APPROVAL'
      and not exists (select from requested_ports p where p.request_id = r.id and p.waits)
    returning r.id`)
  const reason = 'Nothing that it asked for is left to be decided.'
  await recordRequests(
    tx,
    rows.map(({ id }) => id),
    'RequestLapsed',
    actor,
    { ...nothingSaid, reason },
  )
  await tx.execute(sql`
    delete from awaited_approvals a where a.request_id = any(${ids}::uuid[]) and not exists (
      select from requested_ports p where p.request_id = a.request_id and p.id = a.grant_id and p.waits)`)
  await lookAgain(tx, requestIds)
}

/** Has the gateway look at requests that wait: what they wait for may have changed. */
export async function lookAgain(tx: Transaction, requestIds: readonly string[]): Promise<void> {
  const { rowCount } = await tx.execute(sql`
    update requests set look_at = gateway_now()
    where id = any(${sql.param(requestIds)}::uuid[]) and status = 'PENDING_APPROVAL'`)
  if (rowCount !== 0) await tx.execute(sql`select pg_notify('jit_due', '')`)
}
