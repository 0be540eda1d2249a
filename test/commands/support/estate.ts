import type { Role } from '../../../src/access/role.ts'
import type { Viewer } from '../../../src/access/viewer.ts'
import type { OperatingSystem, UnsupportedReason } from '../../../src/access/words.ts'
import { enableJit } from '../../../src/commands/enable-jit.ts'
import { requestAccess } from '../../../src/commands/request-access.ts'
import type { PortInput } from '../../../src/access/policy.ts'
import type { Store } from '../../../src/store/store.ts'

export const account = 'a1b2c3d4-0000-4000-8000-000000000001'
export const group = `/subscriptions/${account}/resourcegroups/shop`
export const otherGroup = `/subscriptions/${account}/resourcegroups/bank`
export const vmId = (name: string, inside = group) => `${inside}/providers/microsoft.compute/virtualmachines/${name}`
export const boundaryId = (name: string) => `${group}/providers/microsoft.network/networksecuritygroups/${name}`

/** An id of the right shape that no row has. */
export const nobody = '00000000-0000-4000-8000-000000000000'

/** A person with one role at one scope, or with none; the name is the id too. */
export function person(name: string, role: Role | null = null, scope = '/', address: string | null = home): Viewer {
  const rolesHeld = role === null ? [] : [{ role, scope }]
  return { actor: { kind: 'PERSON', id: name, name }, groups: [], appRoles: [], rolesHeld, address }
}

/** The address that calls come from unless said otherwise. */
export const home = '203.0.113.7'
export const admin = person('ada', 'POLICY_ADMIN')
export const requester = person('rob', 'REQUESTER')
export const operator = person('olga', 'OPERATOR')
export const reader = person('rae', 'READER')
export const stranger = person('sam')

/** How a machine differs from a running Linux one in the group `shop`, at 10.0.0.4, behind the boundary `front`. */
export interface MachineTraits {
  readonly os?: OperatingSystem | null
  readonly unsupported?: UnsupportedReason
  readonly gone?: boolean
  readonly addresses?: readonly string[]
  readonly boundary?: string
  readonly group?: string
}

/** Writes machines, with the account and the boundaries they need. Writing one that is there already is no error. */
export async function writeMachines(store: Store, names: readonly string[], traits: MachineTraits = {}): Promise<void> {
  const { os = 'LINUX', unsupported = null, gone = false, addresses = ['10.0.0.4'], boundary = 'front' } = traits
  const inside = traits.group ?? group
  await store.pool.query(
    `insert into accounts (id, name, registered_at, next_sync_at)
     values ($1, 'Shop', gateway_now(), gateway_now() + interval '1 hour') on conflict do nothing`,
    [account],
  )
  await store.pool.query(
    `insert into boundaries (id, account_id, resource_group_id, resource_group, name, location, observed_at, generation)
     values ($1, $2, $3, 'shop', $4, 'westeurope', gateway_now(), 1) on conflict do nothing`,
    [boundaryId(boundary), account, group, boundary],
  )
  await store.pool.query(
    `insert into virtual_machines (id, account_id, resource_group_id, resource_group, name, location, os, power,
       unsupported_reason, generation, first_seen_at, last_seen_at, gone_at)
     select $1 || name, $2, $3, split_part($3, '/', 5), name, 'westeurope', $4, 'RUNNING', $5, 1, gateway_now(),
       gateway_now(), case when $6 then gateway_now() end
     from unnest($7::text[]) as name on conflict do nothing`,
    [vmId('', inside), account, inside, os, unsupported, gone, names],
  )
  await store.pool.query(
    `insert into virtual_machine_interfaces (id, vm_id, account_id, "primary", addresses, subnet_boundary_id,
       generation)
     select $1 || name || '/nic', $1 || name, $2, true, $3, $4, 1 from unnest($5::text[]) as name
     on conflict do nothing`,
    [vmId('', inside), account, addresses, boundaryId(boundary), names],
  )
}

/** Writes a machine and enables JIT on it, for port 22 unless told: the id of its policy. */
export async function protect(
  store: Store,
  name: string,
  ports: readonly PortInput[] = [{ port: 22 }],
  traits: MachineTraits = {},
): Promise<string> {
  await writeMachines(store, [name], traits)
  const { results } = await enableJit({ store, viewer: admin }, { vmIds: [vmId(name, traits.group)], ports })
  const policyId = results[0]?.policyId
  if (policyId === null || policyId === undefined) throw new Error(JSON.stringify(results))
  return policyId
}

/** Has `viewer` ask for a port of a machine: the id of the grant. */
export async function grantTo(store: Store, viewer: Viewer, name: string, port = 22): Promise<string> {
  const asked = { targets: [{ vmId: vmId(name), ports: [{ port }] }], sources: [home], durationSeconds: 600 }
  const { grantIds, userErrors } = await requestAccess({ store, viewer }, asked)
  const [grantId] = grantIds
  if (grantId === undefined) throw new Error(JSON.stringify(userErrors))
  return grantId
}

/** Makes a grant active, with an end that has just passed by the database's clock. */
export async function expire(store: Store, grantId: string): Promise<void> {
  await store.pool.query(
    `update grants set state = 'ACTIVE', activated_at = requested_at, ends_at = gateway_now() where id = $1`,
    [grantId],
  )
}
