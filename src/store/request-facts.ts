import { sql } from 'drizzle-orm'
import type { RequestFactKind } from '../access/fact-kinds.ts'
import type { RequestSnapshot } from '../access/facts.ts'
import type { Actor } from '../access/words.ts'
import type { Transaction } from './store.ts'

/** What a fact about a request says beside the request as it is. */
export type Said = Pick<RequestSnapshot, 'verdict' | 'reason' | 'counted'>

/** Nothing was decided by anybody. */
export const nothingSaid: Said = { verdict: null, reason: null, counted: true }

/**
 * Appends a fact about each of these requests, as they are now, in the caller's transaction. It happened where all of
 * its machines lie: at the machine when there is one only; of an extension it is about the grant too. Whose decision was
 * awaited must not be cleared before.
 */
export async function recordRequests(
  tx: Transaction,
  requestIds: readonly string[],
  kind: RequestFactKind,
  actor: Actor,
  said: Said = nothingSaid,
): Promise<void> {
  if (requestIds.length === 0) return
  await tx.execute(sql`
    insert into activities (kind, actor_kind, actor_id, actor_name, account_id, resource_group_id, vm_id, request_id,
      grant_id, requester_id, detail)
    select ${kind}::fact_kind, ${actor.kind}::actor_kind, ${actor.id}, ${actor.name}, p.account_id, p.resource_group_id,
      p.vm_id, r.id, p.grant_id, r.requester_id, request_snapshot(r) || ${JSON.stringify(said)}::jsonb
    from requests r cross join lateral (
      select case when count(distinct g.account_id) = 1 then min(g.account_id) end as account_id,
        case when count(distinct g.resource_group_id) = 1 then min(g.resource_group_id) end as resource_group_id,
        case when count(distinct g.vm_id) = 1 then min(g.vm_id) end as vm_id,
        case when bool_and(g.extends) then min(g.id::text)::uuid end as grant_id
      from requested_ports g where g.request_id = r.id
    ) p where r.id = any(${sql.param(requestIds)}::uuid[]) order by r.id`)
  await tx.execute(sql`select pg_notify('jit_activity', '')`)
}

/**
 * Appends the fact of the state that each of these grants came to before it was opened, in their order and in the caller's
 * transaction.
 */
export async function recordUnopened(tx: Transaction, grantIds: readonly string[], actor: Actor): Promise<void> {
  if (grantIds.length === 0) return
  await tx.execute(sql`
    insert into activities (kind, actor_kind, actor_id, actor_name, account_id, resource_group_id, vm_id, request_id,
      grant_id, requester_id, detail)
    select (case g.state when 'PENDING_APPROVAL' then 'GrantRequested' when 'SCHEDULED' then 'GrantScheduled'
        when 'OPENING' then 'GrantOpening' when 'CLOSED' then 'GrantClosed' end)::fact_kind, ${actor.kind}::actor_kind,
      ${actor.id}, ${actor.name}, g.account_id, g.resource_group_id, g.vm_id, g.request_id, g.id, g.requester_id,
      grant_snapshot(g)
    from unnest(${sql.param(grantIds)}::uuid[]) with ordinality wanted(id, n) join grants g on g.id = wanted.id
    order by wanted.n`)
  await tx.execute(sql`select pg_notify('jit_activity', '')`)
}
