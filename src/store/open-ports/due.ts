import { sql } from 'drizzle-orm'
import type { Transaction } from '../store.ts'

/** Notes that rules of a boundary changed, and with them perhaps what is open behind it. */
export async function markOpenPortsDue(tx: Transaction, boundaryId: string): Promise<void> {
  // A mark that is there is locked: whoever takes it before this transaction ends would read the rules from before it.
  const { rowCount } = await tx.execute(sql`
    insert into open_ports_due as d (vm_id)
    select distinct vm_id from virtual_machine_interfaces
    where network_boundary_id = ${boundaryId} or subnet_boundary_id = ${boundaryId} or own_boundary_id = ${boundaryId}
    order by vm_id
    on conflict (vm_id) do update set vm_id = d.vm_id`)
  if (rowCount !== 0) await tx.execute(sql`select pg_notify('jit_due', '')`)
}

/**
 * Takes up to `limit` machines that were noted, none that another transaction takes or notes; what is then read in this
 * transaction is newer than what they were noted for. No sync of their accounts ends meanwhile: it looks for itself.
 */
export async function takeOpenPortsDue(
  tx: Transaction,
  limit: number,
): Promise<readonly { readonly vmId: string; readonly quiet: boolean }[]> {
  const accounts = await tx.execute<{ id: string }>(sql`
    select id from accounts where id in (
      select v.account_id from open_ports_due d join virtual_machines v on v.id = d.vm_id
    ) order by id for share`)
  const { rows } = await tx.execute<{ vm_id: string; quiet: boolean }>(sql`
    delete from open_ports_due where vm_id = any(array(
      select d.vm_id from open_ports_due d join virtual_machines v on v.id = d.vm_id
      where v.account_id = any(${sql.param(accounts.rows.map(({ id }) => id))}::text[])
      order by d.vm_id limit ${limit} for update of d skip locked
    )) returning vm_id, quiet`)
  return rows.map(({ vm_id: vmId, quiet }) => ({ vmId, quiet }))
}
