import { sql } from 'drizzle-orm'
import { gatewayActor } from '../../access/words.ts'
import type { Transaction } from '../store.ts'

/**
 * Takes over which exposures of some machines, or of all behind a boundary, there are, and says in the log which are new
 * and which are no more. `quiet` says nothing: they were there before the machines came under management.
 */
export async function recordExposures(
  tx: Transaction,
  of: { readonly boundaryId: string } | { readonly vmIds: readonly string[] },
  { quiet = false }: { readonly quiet?: boolean } = {},
): Promise<void> {
  if ('vmIds' in of && of.vmIds.length === 0) return
  const machines =
    'vmIds' in of
      ? sql`${sql.param(of.vmIds)}::text[]`
      : sql`array(select distinct vm_id from virtual_machine_interfaces where network_boundary_id = ${of.boundaryId}
          or subnet_boundary_id = ${of.boundaryId} or own_boundary_id = ${of.boundaryId})`
  const { rowCount } = await tx.execute(sql`
    with standing as (
      -- A list, and no join: only so are the exposures of other machines not even looked for.
      select * from exposures where vm_id = any(${machines})
    ), put as (
      insert into reported_exposures as r (vm_id, port, protocol, guarded, boundary_id, rule_name, found_at)
      select vm_id, port, protocol, guarded, boundary_id, rule_name, gateway_now() from standing
      order by vm_id, port, protocol
      on conflict (vm_id, port, protocol) do update
        set guarded = excluded.guarded, boundary_id = excluded.boundary_id, rule_name = excluded.rule_name
        where (r.guarded, r.boundary_id, r.rule_name) is distinct from
          (excluded.guarded, excluded.boundary_id, excluded.rule_name)
      returning r.*, xmax = 0 as found
    ), over as (
      select r.vm_id, r.port, r.protocol from reported_exposures r
      where r.vm_id = any(${machines}) and not exists (
        select 1 from standing s where s.vm_id = r.vm_id and s.port = r.port and s.protocol = r.protocol)
      order by r.vm_id, r.port, r.protocol for update
    ), cleared as (
      delete from reported_exposures r using over o
      where r.vm_id = o.vm_id and r.port = o.port and r.protocol = o.protocol returning r.*
    ), changes as (
      select 'ExposureFound'::fact_kind as kind, vm_id, port, protocol, guarded, boundary_id, rule_name
      from put where found and not ${quiet}
      union all
      select 'ExposureCleared', vm_id, port, protocol, guarded, boundary_id, rule_name from cleared where not ${quiet}
    )
    insert into activities (kind, actor_kind, actor_id, actor_name, account_id, resource_group_id, vm_id, boundary_id,
      detail)
    select c.kind, ${gatewayActor.kind}, ${gatewayActor.id}, ${gatewayActor.name}, v.account_id, v.resource_group_id,
      c.vm_id, c.boundary_id,
      jsonb_build_object('port', c.port, 'protocol', c.protocol, 'ruleName', c.rule_name, 'guarded', c.guarded)
    from changes c join virtual_machines v on v.id = c.vm_id order by c.vm_id, c.port`)
  if (rowCount !== 0) await tx.execute(sql`select pg_notify('jit_activity', '')`)
}
