import { sql } from 'drizzle-orm'
import { gatewayActor } from '../../access/words.ts'
import type { Store, Transaction } from '../store.ts'

/**
 * Moves grants on by what was observed: OPENING to ACTIVE when every boundary of the path shows them open, given-up
 * openings to OPEN_FAILED and CLOSING to CLOSED when every boundary they may be open at was read, after they ended,
 * and shows them no more. The window starts here, by the database's clock.
 *
 * The rows are locked by a statement of their own: two passes that prove the last two boundaries at once would
 * otherwise each miss what the other is about to commit.
 */
export async function settleGrants(tx: Transaction, grantIds: readonly string[], correlationId: string | null) {
  if (grantIds.length === 0) return
  const ids = sql.param(grantIds)
  await tx.execute(sql`select id from grants where id = any(${ids}::uuid[]) and state in ('OPENING', 'CLOSING')
    order by id for no key update`)
  const { rowCount } = await tx.execute(sql`
    with proven as (
      select g.id, case
          when g.state = 'OPENING' and g.open_failed_at is null then
            case when exists (select 1 from grant_paths p where p.grant_id = g.id)
              and not exists (select 1 from grant_paths p left join enforcements e
                on e.grant_id = p.grant_id and e.boundary_id = p.boundary_id
                where p.grant_id = g.id and e.status is distinct from 'OPEN')
              then 'ACTIVE'::grant_state end
          when not exists (select 1 from enforcements e where e.grant_id = g.id
            and (e.status not in ('ABSENT', 'SHARED') or e.observed_at is null
              or e.observed_at < coalesce(g.closing_at, g.open_failed_at)))
            then case g.state when 'OPENING' then 'OPEN_FAILED'::grant_state else 'CLOSED' end
        end as next
      from grants g where g.id = any(${ids}::uuid[]) and g.state in ('OPENING', 'CLOSING')
    ), moved as (
      update grants g set state = p.next,
        activated_at = case when p.next = 'ACTIVE' then gateway_now() else g.activated_at end,
        ends_at = case when p.next = 'ACTIVE'
          then coalesce(g.ends_at, gateway_now() + make_interval(secs => g.duration_seconds)) else g.ends_at end,
        closed_at = case when p.next = 'CLOSED' then gateway_now() else g.closed_at end
      from proven p where p.id = g.id and p.next is not null
      returning g.id, g as "grant"
    )
    insert into activities (kind, actor_kind, actor_id, actor_name, account_id, resource_group_id, vm_id, request_id,
      grant_id, requester_id, correlation_id, detail)
    select (case (m."grant").state when 'ACTIVE' then 'GrantActivated' when 'CLOSED' then 'GrantClosed'
        else 'GrantOpenFailed' end)::fact_kind, ${gatewayActor.kind}, ${gatewayActor.id}, ${gatewayActor.name},
      (m."grant").account_id, (m."grant").resource_group_id, (m."grant").vm_id, (m."grant").request_id, m.id,
      (m."grant").requester_id, ${correlationId}, grant_snapshot(m."grant")
    from moved m order by m.id`)
  if (rowCount !== 0) await tx.execute(sql`select pg_notify('jit_activity', ''), pg_notify('jit_due', '')`)
}

/** Settles grants that ended with no boundary left to prove them at: no pass would come by. */
export async function settleUnbound(store: Store, limit: number): Promise<void> {
  const { rows } = await store.db.execute<{ id: string }>(sql`
    select g.id from grants g where (g.state = 'CLOSING' or g.state = 'OPENING' and g.open_failed_at is not null)
      and not exists (select 1 from enforcements e where e.grant_id = g.id and (e.status not in ('ABSENT', 'SHARED')
        or e.observed_at is null or e.observed_at < coalesce(g.closing_at, g.open_failed_at)))
    limit ${limit}`)
  if (rows.length === 0) return
  await store.db.transaction((tx) =>
    settleGrants(
      tx,
      rows.map((row) => row.id),
      null,
    ),
  )
}
