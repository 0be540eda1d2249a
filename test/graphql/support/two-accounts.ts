import { randomUUID } from 'node:crypto'
import { placeOf } from '../../../src/commands/lock-down.ts'
import type { Store } from '../../../src/store/store.ts'

export interface Machine {
  readonly id: string
  readonly account: string
  readonly group: string
  readonly boundary: string
  readonly policy: string
}
export interface Grant {
  readonly id: string
  readonly request: string
  readonly requester: string
  readonly machine: Machine
}

export const accounts = ['aaaaaaaa-0000-4000-8000-000000000001', 'bbbbbbbb-0000-4000-8000-000000000002'] as const

/** Two accounts of two resource groups with two machines each; a boundary, a policy, and a grant of each of two people a machine. */
export const machines: readonly Machine[] = accounts.flatMap((account) =>
  ['one', 'two'].flatMap((name) => {
    const group = `/subscriptions/${account}/resourcegroups/${name}`
    return ['web', 'db'].map((machine) => ({
      id: `${group}/providers/microsoft.compute/virtualmachines/${machine}`,
      account,
      group,
      boundary: `${group}/providers/microsoft.network/networksecuritygroups/${machine}`,
      policy: randomUUID(),
    }))
  }),
)
export const grants: readonly Grant[] = machines.flatMap((machine) =>
  ['rita', 'rob'].map((requester) => ({ id: randomUUID(), request: randomUUID(), requester, machine })),
)

export async function writeTwoAccounts({ pool }: Store): Promise<void> {
  const write = (text: string, ...values: unknown[]) => pool.query(text, values)
  for (const account of accounts)
    await write(
      `insert into accounts (id, name, registered_at, next_sync_at) values ($1, 'test', gateway_now(), gateway_now())`,
      account,
    )
  for (const { id, account, group, boundary, policy } of machines) {
    const name = id.split('/').at(-1)
    await write(
      `insert into boundaries (id, account_id, resource_group_id, resource_group, name, location, observed_at, generation)
       values ($1, $2, $3, 'rg', $4, 'here', gateway_now(), 1)`,
      boundary,
      account,
      group,
      name,
    )
    await write(
      `insert into virtual_machines (id, account_id, resource_group_id, resource_group, name, location, os, power,
         generation, first_seen_at, last_seen_at)
       values ($1, $2, $3, 'rg', $4, 'here', 'LINUX', 'RUNNING', 1, gateway_now(), gateway_now())`,
      id,
      account,
      group,
      name,
    )
    await write(
      `insert into policies (id, vm_id, account_id, resource_group_id, created_at, updated_at, created_by_kind,
         created_by_id, created_by_name) values ($1, $2, $3, $4, gateway_now(), gateway_now(), 'PERSON', 'ada', 'Ada')`,
      policy,
      id,
      account,
      group,
    )
  }
  for (const { id, request, requester, machine } of grants) {
    await write(
      `insert into requests (id, requester_kind, requester_id, requester_name, status, requested_at)
       values ($1, 'PERSON', $2, $2, 'APPROVED', gateway_now())`,
      request,
      requester,
    )
    await write(
      `insert into grants (id, request_id, vm_id, account_id, resource_group_id, requester_id, requester_name, port,
         protocol, sources, state, requested_at, duration_seconds, open_by, latest_end)
       values ($1, $2, $3, $4, $5, $6, $6, 22, 'TCP', array['192.0.2.1/32'], 'OPENING', gateway_now(), 600,
         gateway_now(), gateway_now())`,
      id,
      request,
      machine.id,
      machine.account,
      machine.group,
      requester,
    )
    await write(
      `insert into activities (kind, actor_kind, actor_id, actor_name, account_id, resource_group_id, vm_id, request_id,
         grant_id, requester_id, detail)
       values ('GrantOpening', 'PERSON', $6, $6, $4, $5, $3, $2, $1, $6,
         '{"state":"OPENING","port":22,"protocol":"TCP","sources":[],"endsAt":null,"endReason":null,"fault":null}')`,
      id,
      request,
      machine.id,
      machine.account,
      machine.group,
      requester,
    )
  }
}

/** Writes a lockdown in force, which ends nothing, and answers its id. */
export async function writeLockdown({ pool }: Store, scope: string): Promise<string> {
  const { accountId, resourceGroupId, vmId } = placeOf(scope)
  const { rows } = await pool.query<{ id: string }>(
    `insert into lockdowns (id, scope, account_id, resource_group_id, vm_id, reason, began_at, began_by_kind, began_by_id,
       began_by_name)
     values (gen_random_uuid(), $1, $2, $3, $4, 'a drill', gateway_now(), 'PERSON', 'ada', 'Ada') returning id`,
    [scope, accountId, resourceGroupId, vmId],
  )
  return rows[0]?.id ?? ''
}
