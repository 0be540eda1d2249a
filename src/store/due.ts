import { sql, type SQL } from 'drizzle-orm'
import type { Transaction } from './store.ts'

/** How long an opening waits for others of the same boundary, so that one write carries them all, in milliseconds. */
const GATHER_MS = 50

/**
 * The statement that makes boundaries due, for use alone or as part of another; `ids` is a query of one column,
 * `boundary_id`. A boundary under a running pass is noted for the pass after it. Urgent ones (a close) are due at once
 * and claimed first.
 */
export function boundariesDue(ids: SQL, urgent: boolean): SQL {
  const at = urgent ? sql`gateway_now()` : sql`gateway_now() + make_interval(secs => ${GATHER_MS / 1000}::float8)`
  return sql`
    insert into boundary_reconciles as r (boundary_id, account_id, next_run_at, urgent, generation)
    select b.id, b.account_id, ${at}, ${urgent}, 1
    from boundaries b where b.id in (${ids}) order by b.id
    on conflict (boundary_id) do update set
      generation = r.generation + 1,
      urgent = r.urgent or excluded.urgent,
      next_run_at = case when r.lease_owner is null then least(r.next_run_at, excluded.next_run_at) else r.next_run_at end,
      pending_at = case when r.lease_owner is not null then least(r.pending_at, excluded.next_run_at) end`
}

/** Makes boundaries due in the caller's transaction, and wakes the enforcers when it commits. */
export async function markBoundariesDue(
  tx: Transaction,
  boundaryIds: readonly string[],
  options: { readonly urgent?: boolean } = {},
): Promise<void> {
  if (boundaryIds.length === 0) return
  await tx.execute(boundariesDue(sql`select unnest(${sql.param(boundaryIds)}::text[])`, options.urgent ?? false))
  await tx.execute(sql`select pg_notify('jit_due', '')`)
}

/** Makes every boundary on the path of these virtual machines due. */
export async function markPathsDue(tx: Transaction, vmIds: readonly string[]): Promise<void> {
  if (vmIds.length === 0) return
  await tx.execute(
    boundariesDue(
      sql`select p.boundary_id from virtual_machine_interfaces i,
          unnest(array[i.network_boundary_id, i.subnet_boundary_id, i.own_boundary_id]) as p(boundary_id)
          where i.vm_id = any(${sql.param(vmIds)}::text[]) and p.boundary_id is not null`,
      false,
    ),
  )
  await tx.execute(sql`select pg_notify('jit_due', '')`)
}
