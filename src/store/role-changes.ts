import { sql } from 'drizzle-orm'
import { gatewayActor } from '../access/words.ts'
import type { Store, Transaction } from './store.ts'

/** Assignments that one transaction expires; what is left over follows at once. */
const BATCH = 1_000

/**
 * Has all other changes of roles wait until this transaction ends: what it decides by, and what it writes, is the last
 * word. What has ended by then is gone. Before anything else of roles is locked.
 */
export async function lockRoles(tx: Transaction): Promise<void> {
  await tx.execute(sql`select 1 from role_versions for update`)
  await expireAssignments(tx)
}

/** Takes away assignments whose end has passed by the database's clock, and says so; answers how many. */
async function expireAssignments(tx: Transaction): Promise<number> {
  const { rowCount } = await tx.execute(sql`
    with ended as (
      delete from role_assignments where id = any(array(
        select id from role_assignments where ends_at <= (select gateway_now()) order by ends_at, id limit ${BATCH}
      )) returning *
    )
    insert into activities (kind, actor_kind, actor_id, actor_name, account_id, resource_group_id, vm_id, detail)
    select 'RoleExpired', ${gatewayActor.kind}, ${gatewayActor.id}, ${gatewayActor.name}, p.parts[3],
      case when cardinality(p.parts) >= 5 then array_to_string(p.parts[1:5], '/') end,
      case when cardinality(p.parts) > 5 then e.scope end,
      jsonb_build_object('role', coalesce(e.role::text, c.name), 'principalKind', e.principal_kind,
        'principalId', e.principal_id, 'scope', e.scope, 'endsAt', iso(e.ends_at))
    from ended e
    cross join lateral (select string_to_array(e.scope, '/') as parts) p
    left join custom_roles c on c.id = e.custom_role_id
    order by e.ends_at, e.id`)
  if (rowCount !== null && rowCount > 0) await tx.execute(sql`select pg_notify('jit_activity', '')`)
  return rowCount ?? 0
}

/** Takes away all assignments that have ended; answers in how many milliseconds the next one does, null for never. */
export async function expireEndedAssignments(store: Store): Promise<number | null> {
  for (;;) {
    const wait = await untilNextEnd(store)
    // Most looks find nothing: they must not lock anything, nor be a write that the feed waits for.
    if (wait === null || wait > 0) return wait
    await store.db.transaction((tx) => lockRoles(tx))
  }
}

async function untilNextEnd(store: Store): Promise<number | null> {
  const { rows } = await store.db.execute<{ wait: number | null }>(sql`
    select ceil(extract(epoch from min(ends_at) - gateway_now()) * 1000)::float8 as wait from role_assignments
    where ends_at is not null`)
  return rows[0]?.wait ?? null
}
