import { sql, type SQL } from 'drizzle-orm'
import type { Actor, EndReason } from '../access/words.ts'
import { atScope } from './at-scope.ts'
import { boundariesDue } from './due.ts'
import { holdWaitingRequests, settleRequests } from './settle-requests.ts'
import type { Transaction } from './store.ts'

/** Which grants to end: some of them, those of some virtual machines, or those at a scope and below it. */
export type GrantSelection =
  { readonly grantIds: readonly string[] } | { readonly vmIds: readonly string[] } | { readonly scope: string }

/**
 * Ends the grants selected that are not over, in the caller's transaction. What may be open enters CLOSING, and every
 * boundary that shows or may show it is due at once; what was never opened is CLOSED, and a request of which nothing is
 * left lapses. The log says why. Answers the ids of those that ended.
 */
export async function endGrants(
  tx: Transaction,
  selection: GrantSelection,
  reason: EndReason,
  actor: Actor,
): Promise<string[]> {
  const requestIds = await holdWaitingRequests(tx, selected(selection))
  const which = sql`${selected(selection)} order by id for no key update`
  const ended = await runEnding(tx, endingStatement(sql`state in (${unended}) and ${which}`, reason, actor))
  await settleRequests(tx, requestIds, actor)
  return ended
}

/** Ends those grants of requests, held by the caller, that were never opened; answers their ids. */
export async function endUnopened(
  tx: Transaction,
  requestIds: readonly string[],
  reason: EndReason,
  actor: Actor,
): Promise<string[]> {
  const which = sql`state in ('PENDING_APPROVAL', 'SCHEDULED') and request_id = any(${sql.param(requestIds)}::uuid[])
    order by id for no key update`
  return runEnding(tx, endingStatement(which, reason, actor))
}

/** States of grants that are not over; spelt as in the index that finds them. */
const unended = sql`'PENDING_APPROVAL', 'SCHEDULED', 'OPENING', 'ACTIVE'`

/**
 * Ends up to `limit` grants whose end has passed by the database's clock: state, log and boundaries in one statement.
 * Several enforcers may call it at once; each takes others.
 */
export async function endExpiredGrants(tx: Transaction, limit: number, actor: Actor): Promise<string[]> {
  const expired = sql`state in ('OPENING', 'ACTIVE') and ends_at <= gateway_now() order by ends_at limit ${limit} for no key update skip locked`
  return runEnding(tx, endingStatement(expired, 'TIME_UP', actor))
}

function selected(selection: GrantSelection): SQL {
  if ('grantIds' in selection) return sql`id = any(${sql.param(selection.grantIds)}::uuid[])`
  if ('vmIds' in selection) return sql`vm_id = any(${sql.param(selection.vmIds)}::text[])`
  return atScope(selection.scope, sql`vm_id`)
}

function endingStatement(which: SQL, reason: EndReason, actor: Actor): SQL {
  return sql`
    with picked as (
      select id from grants where ${which}
    ), ended as (
      update grants g set
        state = case when g.state in ('OPENING', 'ACTIVE') then 'CLOSING'::grant_state else 'CLOSED' end,
        closing_at = case when g.state in ('OPENING', 'ACTIVE') then gateway_now() end,
        closed_at = case when g.state in ('OPENING', 'ACTIVE') then null else gateway_now() end,
        end_reason = ${reason}, ended_by_id = ${actor.id}
      from picked where g.id = picked.id
      returning g.id, g as "grant"
    ), paths as (
      select e.id, p.boundary_id from ended e join grant_paths p on p.grant_id = e.id and (e."grant").state = 'CLOSING'
      union select e.id, n.boundary_id from ended e join enforcements n on n.grant_id = e.id
    ), kept as (
      insert into enforcements (grant_id, boundary_id, status)
      select p.id, p.boundary_id, 'UNKNOWN' from paths p join boundaries b on b.id = p.boundary_id
      on conflict do nothing
    ), due as (${boundariesDue(sql`select boundary_id from paths`, true)}
    ), facts as (
      insert into activities (kind, actor_kind, actor_id, actor_name, account_id, resource_group_id, vm_id, request_id,
        grant_id, requester_id, detail)
      select (case (e."grant").state when 'CLOSING' then 'GrantClosing' else 'GrantClosed' end)::fact_kind,
        ${actor.kind}, ${actor.id}, ${actor.name}, (e."grant").account_id, (e."grant").resource_group_id,
        (e."grant").vm_id, (e."grant").request_id, e.id, (e."grant").requester_id, grant_snapshot(e."grant")
      from ended e order by e.id
    )
    select id from ended`
}

async function runEnding(tx: Transaction, statement: SQL): Promise<string[]> {
  const { rows } = await tx.execute<{ id: string }>(statement)
  if (rows.length > 0) await tx.execute(sql`select pg_notify('jit_due', ''), pg_notify('jit_activity', '')`)
  return rows.map((row) => row.id)
}
