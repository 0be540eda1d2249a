import type { Store } from '../../src/store/store.ts'

export const account = '11111111-1111-4111-8111-111111111111'
const group = `/subscriptions/${account}/resourcegroups/rg`
export const vmId = (name: string) => `${group}/providers/microsoft.compute/virtualmachines/${name}`
export const boundaryId = (name: string) => `${group}/providers/microsoft.network/networksecuritygroups/${name}`

/** Writes the account and these boundaries. */
export async function writeBoundaries(store: Store, names: readonly string[]): Promise<void> {
  await store.pool.query(
    `insert into accounts (id, name, registered_at, next_sync_at) values ($1, 'test', gateway_now(), gateway_now())
     on conflict do nothing`,
    [account],
  )
  for (const name of names)
    await store.pool.query(
      `insert into boundaries (id, account_id, resource_group_id, resource_group, name, location, observed_at, generation)
       values ($1, $2, $3, 'rg', $4, 'westeurope', gateway_now(), 1)`,
      [boundaryId(name), account, group, name],
    )
}

/** Writes a virtual machine with one interface for each path given: `[subnet boundary, own boundary]` by name. */
export async function writeMachine(
  store: Store,
  name: string,
  paths: readonly (readonly [string | null, string | null])[],
): Promise<void> {
  await store.pool.query(
    `insert into virtual_machines (id, account_id, resource_group_id, resource_group, name, location, os, power,
       generation, first_seen_at, last_seen_at)
     values ($1, $2, $3, 'rg', $4, 'westeurope', 'LINUX', 'RUNNING', 1, gateway_now(), gateway_now())`,
    [vmId(name), account, group, name],
  )
  for (const [index, [subnet, own]] of paths.entries())
    await store.pool.query(
      `insert into virtual_machine_interfaces (id, vm_id, account_id, "primary", addresses, subnet_boundary_id,
         own_boundary_id, generation) values ($1, $2, $3, $4, array['10.0.0.4'], $5, $6, 1)`,
      [
        `${vmId(name)}/nic-${index}`,
        vmId(name),
        account,
        index === 0,
        subnet === null ? null : boundaryId(subnet),
        own === null ? null : boundaryId(own),
      ],
    )
}

/** Writes an enabled policy of the machine that protects port 22. */
export async function writePolicy(store: Store, name: string): Promise<void> {
  await store.pool.query(
    `with policy as (
       insert into policies (id, vm_id, account_id, resource_group_id, created_at, updated_at, created_by_kind,
         created_by_id, created_by_name) values (gen_random_uuid(), $1, $2, $3, gateway_now(), gateway_now(), 'PERSON', 'ada', 'Ada')
       returning id
     ) insert into policy_ports (policy_id, port, protocol, allowed_sources, maximum_duration_seconds)
     select id, 22, 'TCP', array['0.0.0.0/0'], 10800 from policy`,
    [vmId(name), account, group],
  )
}

/** Writes a grant of port 22 of the machine in any state, and answers its id. */
export async function writeGrant(store: Store, name: string, state: string): Promise<string> {
  const { rows } = await store.pool.query<{ id: string }>(
    `with request as (
       insert into requests (id, requester_kind, requester_id, requester_name, status, requested_at)
       values (gen_random_uuid(), 'PERSON', 'ada', 'Ada', 'APPROVED', gateway_now()) returning id
     ) insert into grants (id, request_id, vm_id, account_id, resource_group_id, requester_id, requester_name, port,
         protocol, sources, state, requested_at, duration_seconds, open_by, latest_end, end_reason)
     select gen_random_uuid(), id, $1, $2, $3, 'ada', 'Ada', 22, 'TCP', array['192.0.2.1/32'], $4::grant_state,
       gateway_now(), 3600, gateway_now(), gateway_now(), 'TIME_UP' from request returning id`,
    [vmId(name), account, group, state],
  )
  return rows[0]?.id ?? ''
}
