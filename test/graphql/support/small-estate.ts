import { globalId } from '../../../src/graphql/global-id.ts'
import { recordExposures } from '../../../src/store/reconcile/exposures.ts'
import type { Store } from '../../../src/store/store.ts'

/** The subscription of the small estate, and its one resource group. */
export const subscription = 'a1b2c3d4-0000-4000-8000-000000000001'
export const resourceGroup = `/subscriptions/${subscription}/resourcegroups/shop`

export const machineKey = (name: string) => `${resourceGroup}/providers/microsoft.compute/virtualmachines/${name}`
export const machineId = (name: string) => globalId('VirtualMachine', machineKey(name))
export const boundaryKey = (name: string) =>
  `${resourceGroup}/providers/microsoft.network/networksecuritygroups/${name}`
export const boundaryId = (name: string) => globalId('Boundary', boundaryKey(name))
export const accountId = globalId('Account', subscription)

/** A foreign rule that leaves SSH open to the world. */
const allowSsh = {
  name: 'allow-ssh',
  description: '',
  priority: 100,
  access: 'ALLOW',
  protocol: 'TCP',
  sources: ['*'],
  sourcePorts: [{ first: 0, last: 65_535 }],
  destinations: ['*'],
  ports: [{ first: 22, last: 22 }],
}

/**
 * Writes one subscription with these Linux machines, behind the boundary `front`, and the Windows machine `desk` and
 * the classic one `relic`, which nothing can guard. A foreign rule of `front` lets SSH pass.
 */
export async function writeSmallEstate(store: Store, linux: readonly string[]): Promise<void> {
  const { pool } = store
  await pool.query(
    `insert into accounts (id, name, registered_at, next_sync_at) values ($1, 'Shop', gateway_now(), gateway_now())`,
    [subscription],
  )
  await pool.query(
    `insert into boundaries (id, account_id, resource_group_id, resource_group, name, location, rules, observed_at,
       generation) values ($1, $2, $3, 'shop', 'front', 'westeurope', $4, gateway_now(), 1)`,
    [boundaryKey('front'), subscription, resourceGroup, JSON.stringify([allowSsh])],
  )
  const machines = [
    ...linux.map((name) => ({ name, os: 'LINUX', unsupported: null })),
    { name: 'desk', os: 'WINDOWS', unsupported: null },
    { name: 'relic', os: 'LINUX', unsupported: 'CLASSIC' },
  ]
  for (const { name, os, unsupported } of machines) {
    await pool.query(
      `insert into virtual_machines (id, account_id, resource_group_id, resource_group, name, location, os, power,
         unsupported_reason, generation, first_seen_at, last_seen_at)
       values ($1, $2, $3, 'shop', $4, 'westeurope', $5, 'RUNNING', $6, 1, gateway_now(), gateway_now())`,
      [machineKey(name), subscription, resourceGroup, name, os, unsupported],
    )
    await pool.query(
      `insert into virtual_machine_interfaces (id, vm_id, account_id, "primary", addresses, subnet_boundary_id,
         generation) values ($1, $2, $3, true, array['10.0.0.4'], $4, 1)`,
      [`${machineKey(name)}/nic`, machineKey(name), subscription, boundaryKey('front')],
    )
  }
}

/** Writes that the foreign rule of `front` lets SSH to a machine pass, and what follows from it. */
export async function writeShadow(store: Store, name: string): Promise<void> {
  await store.pool.query(
    `insert into boundary_shadows (boundary_id, vm_id, port, protocol, rule_name)
     values ($1, $2, 22, 'TCP', 'allow-ssh')`,
    [boundaryKey('front'), machineKey(name)],
  )
  await store.db.transaction((tx) => recordExposures(tx, { vmIds: [machineKey(name)] }))
}
