import { sql } from 'drizzle-orm'
import type { Transaction } from '../store.ts'

/** Makes one row of all that say how many machines an account has at a place and of a status. */
export async function foldTallies(tx: Transaction, accountId: string): Promise<void> {
  await tx.execute(sql`
    with folded as (delete from machine_tallies where account_id = ${accountId} returning *)
    insert into machine_tallies (account_id, resource_group_id, jit_status, machines)
    select account_id, resource_group_id, jit_status, sum(machines) from folded group by 1, 2, 3 having sum(machines) <> 0`)
}
