import { sql, type SQL } from 'drizzle-orm'
import { gatewayActor } from '../../access/words.ts'
import { appendFacts } from '../append-facts.ts'
import { endGrants } from '../end-grants.ts'
import type { Transaction } from '../store.ts'
import type { AccountClaim } from './claim-account.ts'
import { jitDisabled } from './jit-rulings.ts'
import { resourceGroupId, staged } from './staged.ts'

/**
 * Marks the machines that were not found, says so once, and ends their grants; answers them. It must run while their
 * interfaces are still known: these say where a grant may be open.
 */
export async function markMachinesGone(tx: Transaction, claim: AccountClaim): Promise<string[]> {
  const { rows } = await tx.execute<{ id: string; name: string; resource_group_id: string }>(sql`
    with missing as (
      select v.id from virtual_machines v where v.account_id = ${claim.accountId} and v.gone_at is null
        and not exists (select 1 from ${staged(claim, 'virtualMachines')} where s.id = v.id)
      order by v.id for no key update)
    update virtual_machines v set gone_at = gateway_now() from missing where v.id = missing.id
    returning v.id, v.name, v.resource_group_id`)
  const vmIds = rows.map(({ id }) => id)
  if (vmIds.length === 0) return []
  await endGrants(tx, { vmIds }, 'VM_GONE', gatewayActor)
  await appendFacts(
    tx,
    rows.map(({ id, name, resource_group_id: resourceGroupId }) => ({
      kind: 'VirtualMachineGone' as const,
      actor: gatewayActor,
      accountId: claim.accountId,
      resourceGroupId,
      vmId: id,
      detail: { name },
    })),
  )
  return vmIds
}

/** Whether there is a boundary with this id that the cloud does not show: those it shows are known by now. */
const isHidden = (id: SQL) => sql`(${id} is not null
  and (select b.id from boundaries b where b.id = ${id} and b.gone_at is null) is null)`

/** Takes over the machines that were found; answers those that are new, and those that changed or are back again. */
export async function mergeMachines(
  tx: Transaction,
  claim: AccountClaim,
): Promise<{ readonly found: readonly string[]; readonly changed: readonly string[] }> {
  const { accountId, generation } = claim
  const { rows } = await tx.execute<{ id: string; found: boolean }>(sql`
    insert into virtual_machines as v (id, account_id, resource_group_id, resource_group, name, location, os,
      admin_user_name, power, unsupported_reason, tags, address_lines, generation, first_seen_at, last_seen_at)
    select machine.id, ${accountId}, ${resourceGroupId(accountId, sql`machine.body->>'resourceGroup'`)}, machine.body->>'resourceGroup',
      machine.body->>'name', machine.body->>'location', (machine.body->>'os')::operating_system, machine.body->>'adminUserName',
      (machine.body->>'power')::power_state,
      (case when (machine.body->>'classic')::boolean then 'CLASSIC'
        when ${jitDisabled(claim, sql`machine.id`)} then 'DISABLED_BY_POLICY'
        when not coalesce(path.addressed, false) then 'NO_PRIVATE_ADDRESS'
        when path.managed then 'FIREWALL_MANAGED_BY_POLICY'
        when not path.guarded then 'NO_NETWORK_SECURITY_GROUP'
        when path.hidden then 'BOUNDARY_NOT_VISIBLE' end)::unsupported_reason,
      machine.body->'tags', coalesce(path.address_lines, ''), ${generation}::bigint, gateway_now(), gateway_now()
    from (select * from ${staged(claim, 'virtualMachines')}) machine
    left join (
      select p.body->>'vmId' as vm_id, bool_or(jsonb_array_length(p.body->'addresses') > 0) as addressed,
        bool_or((p.body->>'behindPolicy')::boolean) as managed,
        bool_or(coalesce(p.body->>'networkBoundaryId', p.body->>'subnetBoundaryId', p.body->>'ownBoundaryId')
          is not null) as guarded,
        bool_or(${isHidden(sql`p.body->>'subnetBoundaryId'`)} or ${isHidden(sql`p.body->>'ownBoundaryId'`)}) as hidden,
        -- As the trigger on interfaces would: so that it finds them there, and writes no machine twice.
        string_agg(a, E'\\n' order by (p.body->>'primary')::boolean desc, p.id, a) as address_lines
      from inventory_items p
      left join lateral jsonb_array_elements_text(p.body->'addresses' || (p.body->'publicAddresses')) a on true
      where p.account_id = ${accountId} and p.generation = ${generation}::bigint and p.kind = 'paths' group by 1
    ) path on path.vm_id = machine.id
    order by machine.id
    on conflict (id) do update set resource_group = excluded.resource_group, name = excluded.name,
      location = excluded.location, os = excluded.os, admin_user_name = excluded.admin_user_name,
      power = excluded.power, unsupported_reason = excluded.unsupported_reason, tags = excluded.tags,
      generation = excluded.generation, last_seen_at = excluded.last_seen_at, gone_at = null
    where v.gone_at is not null
      or (v.resource_group, v.name, v.location, v.os, v.admin_user_name, v.power, v.unsupported_reason, v.tags)
        is distinct from (excluded.resource_group, excluded.name, excluded.location, excluded.os, excluded.admin_user_name,
          excluded.power, excluded.unsupported_reason, excluded.tags)
    returning v.id, v.xmax = 0 as found`)
  const idsOf = (found: boolean) => rows.filter((row) => row.found === found).map(({ id }) => id)
  return { found: idsOf(true), changed: idsOf(false) }
}

/** Says of each machine that it was found, or that what is known of it or of its interfaces changed. */
export async function recordMachines(
  tx: Transaction,
  claim: AccountClaim,
  kind: 'VirtualMachineFound' | 'VirtualMachineChanged',
  vmIds: readonly string[],
): Promise<void> {
  if (vmIds.length === 0) return
  const { rows } = await tx.execute<{ id: string; name: string; resource_group_id: string }>(sql`
    select id, name, resource_group_id from virtual_machines
    where id = any(${sql.param(vmIds)}::text[]) and gone_at is null order by id`)
  await appendFacts(
    tx,
    rows.map(({ id, name, resource_group_id: resourceGroupId }) => ({
      kind,
      actor: gatewayActor,
      accountId: claim.accountId,
      resourceGroupId,
      vmId: id,
      detail: { name },
    })),
  )
}

/** A boundary that stood or stands on the path of a machine whose interfaces changed. */
export interface TouchedPath {
  readonly vmId: string
  /** Null when nothing stood there. */
  readonly boundaryId: string | null
}

/** Takes over the interfaces that were found and forgets the others; answers the paths before and after each change. */
export async function mergeInterfaces(tx: Transaction, claim: AccountClaim): Promise<readonly TouchedPath[]> {
  const { accountId, generation } = claim
  const { rows } = await tx.execute<{ vm_id: string; boundary_id: string | null }>(sql`
    with found as (
      select s.id, s.body->>'vmId' as vm_id, (s.body->>'primary')::boolean as "primary",
        array(select jsonb_array_elements_text(s.body->'addresses')) as addresses,
        array(select jsonb_array_elements_text(s.body->'publicAddresses')) as public_addresses,
        s.body->>'subnetId' as subnet_id, s.body->>'networkBoundaryId' as network_boundary_id,
        s.body->>'subnetBoundaryId' as subnet_boundary_id,
        s.body->>'ownBoundaryId' as own_boundary_id
      from ${staged(claim, 'paths')}
    ), before as (
      select * from virtual_machine_interfaces where account_id = ${accountId}
    ), removed as (
      delete from virtual_machine_interfaces i
      -- No join: the paths were put there just now, and Postgres would take them for one or two.
      where i.account_id = ${accountId} and (select s.id from ${staged(claim, 'paths')} where s.id = i.id) is null
      returning i.id
    ), put as (
      insert into virtual_machine_interfaces as i (id, vm_id, account_id, "primary", addresses, public_addresses,
        subnet_id, network_boundary_id, subnet_boundary_id, own_boundary_id, generation)
      select f.id, f.vm_id, ${accountId}, f."primary", f.addresses, f.public_addresses, f.subnet_id,
        f.network_boundary_id, f.subnet_boundary_id, f.own_boundary_id, ${generation}::bigint from found f order by f.id
      on conflict (id) do update set vm_id = excluded.vm_id, "primary" = excluded."primary",
        addresses = excluded.addresses, public_addresses = excluded.public_addresses, subnet_id = excluded.subnet_id,
        network_boundary_id = excluded.network_boundary_id, subnet_boundary_id = excluded.subnet_boundary_id,
        own_boundary_id = excluded.own_boundary_id,
        generation = excluded.generation
      where (i.vm_id, i."primary", i.addresses, i.public_addresses, i.subnet_id, i.network_boundary_id,
          i.subnet_boundary_id, i.own_boundary_id) is distinct from (excluded.vm_id, excluded."primary",
          excluded.addresses, excluded.public_addresses, excluded.subnet_id, excluded.network_boundary_id,
          excluded.subnet_boundary_id, excluded.own_boundary_id)
      returning i.id, i.vm_id, i.network_boundary_id, i.subnet_boundary_id, i.own_boundary_id
    ), touched as (
      select vm_id, network_boundary_id, subnet_boundary_id, own_boundary_id from put
      union all select b.vm_id, b.network_boundary_id, b.subnet_boundary_id, b.own_boundary_id from before b
        where b.id in (select id from put union all select id from removed)
    )
    select distinct t.vm_id, p.boundary_id from touched t
    cross join lateral unnest(array[t.network_boundary_id, t.subnet_boundary_id, t.own_boundary_id]) p(boundary_id)`)
  return rows.map(({ vm_id: vmId, boundary_id: boundaryId }) => ({ vmId, boundaryId }))
}
