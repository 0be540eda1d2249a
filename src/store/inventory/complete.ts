import { sql } from 'drizzle-orm'
import { markBoundariesDue } from '../due.ts'
import { recordOpenPorts, type LookFor } from '../open-ports/record.ts'
import type { Store, Transaction } from '../store.ts'
import { holdAccount, nextSyncAfter, type AccountClaim } from './claim-account.ts'
import { foldTallies } from './fold-tallies.ts'
import { markBoundariesGone, mergeBoundaries } from './merge-boundaries.ts'
import { markMachinesGone, mergeInterfaces, mergeMachines, recordMachines, type TouchedPath } from './merge-machines.ts'
import { stagePaths } from './staged.ts'

/**
 * Makes a complete sync the inventory, in one transaction: only now is anything missed. Every boundary for which the
 * change matters is due. False when the claim was lost, and nothing was changed. What is exposed when an account is
 * synced for the first time is taken over without a word in the log: nobody opened it just now.
 */
export async function completeSync(
  store: Store,
  owner: string,
  claim: AccountClaim,
  { resyncMs, lookFor }: { readonly resyncMs: number; readonly lookFor: LookFor },
): Promise<boolean> {
  return store.db.transaction(async (tx) => {
    const held = await holdAccount(tx, owner, claim)
    if (held === null) return false
    await stagePaths(tx, claim)
    const boundaryIds = await mergeBoundaries(tx, claim)
    // Boundaries before grants, as everybody locks them.
    const goneBoundaries = await markBoundariesGone(tx, claim)
    const goneMachines = await markMachinesGone(tx, claim)
    const { found, changed } = await mergeMachines(tx, claim)
    const paths = await mergeInterfaces(tx, claim)
    const touched = new Set([...changed, ...paths.map(({ vmId }) => vmId)])
    const vmIds = [...new Set([...found, ...goneMachines, ...touched])]
    await recordMachines(tx, claim, 'VirtualMachineFound', found)
    await recordMachines(tx, claim, 'VirtualMachineChanged', [...touched.difference(new Set(found))])
    await markBoundariesDue(tx, await affected(tx, vmIds, paths, [...boundaryIds, ...goneBoundaries]))
    const behind = await machinesBehind(tx, [...boundaryIds, ...goneBoundaries])
    await recordOpenPorts(tx, [...new Set([...vmIds, ...behind])], lookFor, { quiet: held.first })
    await foldTallies(tx, claim.accountId)
    await tx.execute(sql`
      delete from inventory_items where account_id = ${claim.accountId} and generation <= ${claim.generation}::bigint`)
    await tx.execute(sql`
      update accounts set status = 'CONNECTED', last_synced_at = gateway_now(), last_sync_error = null,
        missing_permissions = '{}',
        lease_owner = null, lease_until = null,
        next_sync_at = ${nextSyncAfter(claim, resyncMs)}
      where id = ${claim.accountId}`)
    return true
  })
}

async function machinesBehind(tx: Transaction, boundaryIds: readonly string[]): Promise<string[]> {
  const ids = sql.param(boundaryIds)
  const { rows } = await tx.execute<{ vm_id: string }>(sql`
    select vm_id from virtual_machine_interfaces where network_boundary_id = any(${ids}::text[])
    union select vm_id from virtual_machine_interfaces where subnet_boundary_id = any(${ids}::text[])
    union select vm_id from virtual_machine_interfaces where own_boundary_id = any(${ids}::text[])`)
  return rows.map((row) => row.vm_id)
}

/**
 * The boundaries that must be looked at: those that stood or stand before a machine with a policy or a grant, and those
 * that changed and hold a rule of ours, guard such a machine, or may show a grant open. Where a firewall changed, the
 * groups behind it too: they let in what has its addresses.
 */
async function affected(
  tx: Transaction,
  vmIds: readonly string[],
  paths: readonly TouchedPath[],
  boundaryIds: readonly string[],
): Promise<string[]> {
  const matters = (vm: ReturnType<typeof sql>) => sql`(
    exists (select 1 from policies p where p.vm_id = ${vm} and p.disabled_at is null)
    or exists (select 1 from grants g where g.vm_id = ${vm} and g.state in ('OPENING', 'ACTIVE', 'CLOSING')))`
  const touched = JSON.stringify(paths.filter(({ boundaryId }) => boundaryId !== null))
  const { rows } = await tx.execute<{ id: string }>(sql`
    select t."boundaryId" as id from jsonb_to_recordset(${touched}::jsonb) as t("vmId" text, "boundaryId" text)
    where ${matters(sql`t."vmId"`)}
    union
    select p.id from virtual_machine_interfaces i
    cross join lateral unnest(array[i.network_boundary_id, i.subnet_boundary_id, i.own_boundary_id]) p(id)
    where (i.vm_id = any(${sql.param(vmIds)}::text[])
      or i.network_boundary_id = any(${sql.param(boundaryIds)}::text[])) and p.id is not null and ${matters(sql`i.vm_id`)}
    union
    select b.id from boundaries b where b.id = any(${sql.param(boundaryIds)}::text[]) and (
      exists (select 1 from jsonb_array_elements(b.rules) r
        where lower(r->>'name') like 'jitgateway-%' and r->>'name' not like '%/%')
      or exists (select 1 from virtual_machine_interfaces i
        where b.id in (i.network_boundary_id, i.subnet_boundary_id, i.own_boundary_id) and ${matters(sql`i.vm_id`)})
      or exists (select 1 from enforcements e join grants g on g.id = e.grant_id
        where e.boundary_id = b.id and g.state in ('OPENING', 'ACTIVE', 'CLOSING')))`)
  return rows.map(({ id }) => id)
}
