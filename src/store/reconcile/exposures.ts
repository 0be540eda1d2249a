import { sql } from 'drizzle-orm'
import { gatewayActor } from '../../access/words.ts'
import type { Transaction } from '../store.ts'

/** Says in the log which exposures of some machines, or of all behind a boundary, are new, and which are no more. */
export async function recordExposures(
  tx: Transaction,
  of: { readonly boundaryId: string } | { readonly vmIds: readonly string[] },
): Promise<void> {
  if ('vmIds' in of && of.vmIds.length === 0) return
  const machines =
    'vmIds' in of
      ? sql`select unnest(${sql.param(of.vmIds)}::text[]) as vm_id`
      : sql`select distinct vm_id from virtual_machine_interfaces
          where ${of.boundaryId} in (network_boundary_id, subnet_boundary_id, own_boundary_id)`
  await tx.execute(sql`
    with machines as (${machines}), standing as (
      select distinct on (x.vm_id, x.port, x.protocol) x.vm_id, x.port, x.protocol, x.boundary_id, x.rule_name
      from exposures x where x.vm_id in (select vm_id from machines)
      order by x.vm_id, x.port, x.protocol, x.boundary_id
    ), found as (
      insert into reported_exposures (vm_id, port, protocol, boundary_id, rule_name, found_at)
      select vm_id, port, protocol, boundary_id, rule_name, gateway_now() from standing
      on conflict do nothing returning *
    ), cleared as (
      delete from reported_exposures r where r.vm_id in (select vm_id from machines) and not exists (
        select 1 from standing s where s.vm_id = r.vm_id and s.port = r.port and s.protocol = r.protocol)
      returning *
    ), changes as (
      select 'ExposureFound'::fact_kind as kind, * from found
      union all select 'ExposureCleared'::fact_kind, * from cleared
    )
    insert into activities (kind, actor_kind, actor_id, actor_name, account_id, resource_group_id, vm_id, boundary_id,
      detail)
    select c.kind, ${gatewayActor.kind}, ${gatewayActor.id}, ${gatewayActor.name}, v.account_id, v.resource_group_id,
      c.vm_id, c.boundary_id, jsonb_build_object('port', c.port, 'protocol', c.protocol, 'ruleName', c.rule_name)
    from changes c join virtual_machines v on v.id = c.vm_id`)
}
