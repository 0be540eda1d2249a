import { sql } from 'drizzle-orm'
import type { Actor } from '../access/words.ts'
import { markPathsDue } from './due.ts'
import type { Transaction } from './store.ts'

/**
 * Moves the end of an open grant, held by the caller, as its extension `requestId` asked: from now on its window ends at
 * `to`. The log says so, and the boundaries on its path are due: their rules name the end. The rules themselves stay.
 */
export async function extendTo(tx: Transaction, requestId: string, to: Date, actor: Actor): Promise<void> {
  const end = to.toISOString()
  const { rows } = await tx.execute<{ vm_id: string }>(sql`
    with asked as (
      update extensions x set extended_at = gateway_now(), extended_to = ${end}::timestamptz
      from grants g where x.request_id = ${requestId}::uuid and g.id = x.grant_id
      returning x.grant_id, iso(g.ends_at) as before
    ), extended as (
      update grants g set ends_at = ${end}::timestamptz, latest_end = ${end}::timestamptz, extended_at = gateway_now()
      from asked a where g.id = a.grant_id
      returning g.id, g as "grant", a.before
    ), facts as (
      insert into activities (kind, actor_kind, actor_id, actor_name, account_id, resource_group_id, vm_id, request_id,
        grant_id, requester_id, detail)
      select 'GrantExtended', ${actor.kind}, ${actor.id}, ${actor.name}, (e."grant").account_id,
        (e."grant").resource_group_id, (e."grant").vm_id, ${requestId}::uuid, e.id, (e."grant").requester_id,
        grant_snapshot(e."grant") || jsonb_build_object('previousEndsAt', e.before)
      from extended e
    )
    select (e."grant").vm_id from extended e`)
  await tx.execute(sql`select pg_notify('jit_activity', '')`)
  await markPathsDue(
    tx,
    rows.map((row) => row.vm_id),
  )
}
