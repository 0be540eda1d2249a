import { sql, type SQL } from 'drizzle-orm'
import type { Actor, EndReason } from '../access/words.ts'
import { boundariesDue } from './due.ts'
import type { Transaction } from './store.ts'

/** Which live grants to end. */
export type GrantSelection = { readonly grantIds: readonly string[] } | { readonly vmIds: readonly string[] }

/**
 * Ends the live grants selected, in the caller's transaction: they enter CLOSING, the log says why, and every boundary
 * that shows or may show them is due at once. Answers the ids of those that ended.
 */
export async function endGrants(
  tx: Transaction,
  selection: GrantSelection,
  reason: EndReason,
  actor: Actor,
): Promise<string[]> {
  const which = sql`${selected(selection)} order by id for no key update`
  return runEnding(tx, endingStatement(which, reason, actor))
}

/**
 * Ends up to `limit` grants whose end has passed by the database's clock: state, log and boundaries in one statement.
 * Several enforcers may call it at once; each takes others.
 */
export async function endExpiredGrants(tx: Transaction, limit: number, actor: Actor): Promise<string[]> {
  const expired = sql`ends_at <= gateway_now() order by ends_at limit ${limit} for no key update skip locked`
  return runEnding(tx, endingStatement(expired, 'TIME_UP', actor))
}

function selected(selection: GrantSelection): SQL {
  if ('grantIds' in selection) return sql`id = any(${sql.param(selection.grantIds)}::uuid[])`
  return sql`vm_id = any(${sql.param(selection.vmIds)}::text[])`
}

function endingStatement(which: SQL, reason: EndReason, actor: Actor): SQL {
  return sql`
    with picked as (
      select id from grants where state in ('OPENING', 'ACTIVE') and ${which}
    ), ended as (
      update grants g set state = 'CLOSING', closing_at = gateway_now(), end_reason = ${reason}, ended_by_id = ${actor.id}
      from picked where g.id = picked.id
      returning g.id, g as "grant"
    ), paths as (
      select e.id, p.boundary_id from ended e join grant_paths p on p.grant_id = e.id
      union select e.id, n.boundary_id from ended e join enforcements n on n.grant_id = e.id and n.status <> 'ABSENT'
    ), kept as (
      insert into enforcements (grant_id, boundary_id, status)
      select p.id, p.boundary_id, 'UNKNOWN' from paths p join boundaries b on b.id = p.boundary_id
      on conflict do nothing
    ), due as (${boundariesDue(sql`select boundary_id from paths`, true)}
    ), facts as (
      insert into activities (kind, actor_kind, actor_id, actor_name, account_id, resource_group_id, vm_id, request_id,
        grant_id, requester_id, detail)
      select 'GrantClosing', ${actor.kind}, ${actor.id}, ${actor.name}, (e."grant").account_id,
        (e."grant").resource_group_id, (e."grant").vm_id, (e."grant").request_id, e.id, (e."grant").requester_id,
        grant_snapshot(e."grant")
      from ended e order by e.id
    )
    select id from ended`
}

async function runEnding(tx: Transaction, statement: SQL): Promise<string[]> {
  const { rows } = await tx.execute<{ id: string }>(statement)
  if (rows.length > 0) await tx.execute(sql`select pg_notify('jit_due', ''), pg_notify('jit_activity', '')`)
  return rows.map((row) => row.id)
}
