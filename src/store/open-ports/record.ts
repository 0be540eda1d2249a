import { sql } from 'drizzle-orm'
import type { LookedAt, Seen } from '../../firewall/look.ts'
import type { Rule } from '../../firewall/rule.ts'
import { recordExposures } from '../reconcile/exposures.ts'
import type { Transaction } from '../store.ts'

/** Decides what is open: see `lookFor` of the firewall room. */
export type LookFor = (machines: readonly LookedAt[], rules: ReadonlyMap<string, readonly Rule[]>) => readonly Seen[]

/** Machines looked at together: their rules are read and held at once. */
const AT_ONCE = 200

/**
 * Looks for the open ports of machines by the rules that their boundaries were last observed to have, and for what
 * follows from it: exposures that are new or are no more. `quiet` says nothing of them in the log.
 */
export async function recordOpenPorts(
  tx: Transaction,
  vmIds: readonly string[],
  lookFor: LookFor,
  options: { readonly quiet?: boolean } = {},
): Promise<void> {
  const inOrder = vmIds.toSorted()
  for (let at = 0; at < inOrder.length; at += AT_ONCE) {
    const some = inOrder.slice(at, at + AT_ONCE)
    await writeSeen(tx, some, lookFor)
    await recordExposures(tx, { vmIds: some }, options)
  }
}

async function writeSeen(tx: Transaction, vmIds: readonly string[], lookFor: LookFor): Promise<void> {
  const machines = await readMachines(tx, vmIds)
  const paths = machines.flatMap((machine) => machine.paths)
  const boundaryIds = new Set(paths.flatMap(({ groupIds, gate }) => [...groupIds, ...(gate ? [gate.boundaryId] : [])]))
  const seen = lookFor(machines, await readRules(tx, [...boundaryIds]))
  const rows = machines.map(({ id }, index) => ({ id, ...seen[index] }))
  await tx.execute(sql`
    with looked as (
      select * from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as l(id text, ports jsonb, exposed jsonb)
    ), closed as (
      delete from open_ports o using looked l where o.vm_id = l.id and l.ports = '[]'
    )
    insert into open_ports as o (vm_id, ports, exposed)
    select id, ports, exposed from looked where ports <> '[]' order by id
    on conflict (vm_id) do update set ports = excluded.ports, exposed = excluded.exposed
      where (o.ports, o.exposed) is distinct from (excluded.ports, excluded.exposed)`)
}

type Machine = LookedAt & { readonly id: string } & Record<string, unknown>

/** A machine that is gone has no path any more. */
async function readMachines(tx: Transaction, vmIds: readonly string[]): Promise<readonly Machine[]> {
  const { rows } = await tx.execute<Machine>(sql`
    select v.id, v.os, coalesce((
      select json_agg(json_build_object('addresses', i.addresses, 'hasPublicAddress', cardinality(i.public_addresses) > 0,
        'groupIds', array_remove(array[i.subnet_boundary_id, i.own_boundary_id], null),
        'gate', case when b.id is not null then json_build_object('boundaryId', b.id, 'relaysFrom', b.relays_from) end)
        order by i.id)
      from virtual_machine_interfaces i left join boundaries b on b.id = i.network_boundary_id
      where i.vm_id = v.id and v.gone_at is null), '[]') as paths
    from virtual_machines v where v.id = any(${sql.param(vmIds)}::text[]) order by v.id`)
  return rows
}

async function readRules(tx: Transaction, ids: readonly string[]): Promise<ReadonlyMap<string, readonly Rule[]>> {
  const { rows } = await tx.execute<{ id: string; rules: readonly Rule[] }>(sql`
    select id, rules from boundaries where id = any(${sql.param(ids)}::text[])`)
  return new Map(rows.map(({ id, rules }) => [id, rules]))
}
