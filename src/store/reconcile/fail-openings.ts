import { sql } from 'drizzle-orm'
import type { CloudFault } from '../../access/facts.ts'
import { boundariesDue } from '../due.ts'
import type { Store, Transaction } from '../store.ts'

/**
 * Gives up openings with a fault each: they are no longer desired anywhere, and become OPEN_FAILED once every boundary
 * is proven clean. Grants that are not opening are left alone.
 */
export async function failOpenings(
  tx: Transaction,
  failures: readonly { readonly grantId: string; readonly fault: CloudFault }[],
): Promise<void> {
  if (failures.length === 0) return
  const rows = failures.map(({ grantId, fault }) => ({ id: grantId, code: fault.code, message: fault.message }))
  const { rowCount } = await tx.execute(sql`
    with failed as (
      update grants g set open_failed_at = gateway_now(), fault_code = f.code, fault_message = f.message
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as f(id uuid, code text, message text)
      where g.id = f.id and g.state = 'OPENING' and g.open_failed_at is null
      returning g.id
    ), due as (${boundariesDue(sql`select n.boundary_id from failed f join enforcements n on n.grant_id = f.id`, true)})
    select id from failed`)
  if (rowCount !== 0) await tx.execute(sql`select pg_notify('jit_due', '')`)
}

/** Gives up openings that no boundary proved by their time, with the last error of a boundary on their path. */
export async function failOverdueOpenings(store: Store, limit: number): Promise<void> {
  await store.db.transaction(async (tx) => {
    const { rows } = await tx.execute<{ id: string; error: string | null }>(sql`
      select g.id, (select r.last_error_message from grant_paths p
        join boundary_reconciles r on r.boundary_id = p.boundary_id
        where p.grant_id = g.id and r.last_error_message is not null limit 1) as error
      from grants g where g.state = 'OPENING' and g.open_failed_at is null and g.open_by <= gateway_now()
      order by g.id limit ${limit} for no key update of g skip locked`)
    const why = (error: string | null) =>
      `The port was not proven open in time.${error === null ? '' : ` The cloud last said: ${error}`}`
    await failOpenings(
      tx,
      rows.map(({ id, error }) => ({ grantId: id, fault: { code: 'OPEN_TIMED_OUT', message: why(error) } })),
    )
  })
}
