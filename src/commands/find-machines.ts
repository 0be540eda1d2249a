import { actions, type Action } from '../access/role.ts'
import type { UserError } from '../access/user-error.ts'
import { may, type Viewer } from '../access/viewer.ts'
import type { OperatingSystem, UnsupportedReason } from '../access/words.ts'
import { sql, type SQL } from '../store/sql.ts'
import type { Transaction } from '../store/store.ts'

/** A virtual machine as a verb needs it. */
export interface Machine extends Record<string, unknown> {
  readonly id: string
  readonly name: string
  readonly accountId: string
  readonly resourceGroupId: string
  readonly os: OperatingSystem | null
  readonly unsupportedReason: UnsupportedReason | null
  readonly gone: boolean
  readonly addresses: readonly string[]
  /** Whether it is reached through a firewall. */
  readonly behindFirewall: boolean
}

/** SQL of whether a machine is reached through a firewall; `vm` is its id. */
export function isBehindFirewall(vm: SQL): SQL {
  return sql`exists (
    select 1 from virtual_machine_interfaces i where i.vm_id = ${vm} and i.network_boundary_id is not null)`
}

/** Reads the virtual machines of these ids, by id. */
export async function findMachines(tx: Transaction, ids: readonly string[]): Promise<ReadonlyMap<string, Machine>> {
  const { rows } = await tx.execute<Machine>(sql`
    select v.id, v.name, v.account_id as "accountId", v.resource_group_id as "resourceGroupId", v.os,
      v.unsupported_reason as "unsupportedReason", v.gone_at is not null as gone,
      array(select a from virtual_machine_interfaces i, unnest(i.addresses) a where i.vm_id = v.id) as addresses,
      ${isBehindFirewall(sql`v.id`)} as "behindFirewall"
    from virtual_machines v where v.id = any(${sql.param(ids)}::text[])`)
  return new Map(rows.map((row) => [row.id, row]))
}

/**
 * Why `viewer` may not do `action` to a machine; null when it may. A machine that the viewer may not see looks like one
 * that does not exist.
 */
export function refusalOf(
  viewer: Viewer,
  action: Action,
  machine: Machine | undefined,
  field: readonly string[],
): UserError | null {
  if (machine === undefined || !may(viewer, actions.readVirtualMachine, machine.id))
    return { code: 'NOT_FOUND', field, message: 'There is no such virtual machine, or you may not see it.' }
  if (!may(viewer, action, machine.id))
    return { code: 'NOT_PERMITTED', field, action, message: `You may not do this to ${machine.name}.` }
  if (machine.gone) return { code: 'CONFLICT', field, message: `${machine.name} was deleted from the cloud.` }
  return null
}
