import { randomUUIDv7 } from 'node:crypto'
import type { PolicyPort } from '../access/policy.ts'
import type { Viewer } from '../access/viewer.ts'
import { sql } from '../store/sql.ts'
import type { Transaction } from '../store/store.ts'
import type { Machine } from './find-machines.ts'

/** A policy about to be made for a machine. */
export interface NewPolicy {
  readonly machine: Machine
  readonly ports: readonly PolicyPort[]
}

/** Makes policies, at most one enabled a machine; the ids of those made, by machine. */
export async function insertPolicies(
  tx: Transaction,
  viewer: Viewer,
  policies: readonly NewPolicy[],
): Promise<ReadonlyMap<string, string>> {
  const rows = policies.map(({ machine }) => ({
    id: randomUUIDv7(),
    vm: machine.id,
    account: machine.accountId,
    group: machine.resourceGroupId,
  }))
  const made = await tx.execute<{ id: string; vm_id: string }>(sql`
    insert into policies (id, vm_id, account_id, resource_group_id, created_at, updated_at, created_by_kind,
      created_by_id, created_by_name)
    select p.id, p.vm, p.account, p."group", gateway_now(), gateway_now(), ${viewer.actor.kind}::actor_kind,
      ${viewer.actor.id}, ${viewer.actor.name}
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as p(id uuid, vm text, account text, "group" text)
    order by p.vm
    on conflict (vm_id) where disabled_at is null do nothing returning id, vm_id`)
  const ids = new Map(made.rows.map((row) => [row.vm_id, row.id]))
  await insertPorts(
    tx,
    policies.flatMap(({ machine, ports }) => {
      const policyId = ids.get(machine.id)
      return policyId === undefined ? [] : ports.map((port) => ({ policyId, ...port }))
    }),
  )
  return ids
}

/** Adds ports to policies. */
export async function insertPorts(
  tx: Transaction,
  ports: readonly (PolicyPort & { readonly policyId: string })[],
): Promise<void> {
  await tx.execute(sql`
    insert into policy_ports (policy_id, port, protocol, allowed_sources, maximum_duration_seconds)
    select p."policyId", p.port, p.protocol, array(select jsonb_array_elements_text(p."allowedSources")),
      p."maximumDurationSeconds"
    from jsonb_to_recordset(${JSON.stringify(ports)}::jsonb) as p("policyId" uuid, port int, protocol protocol,
      "allowedSources" jsonb, "maximumDurationSeconds" int)`)
}

/** An enabled policy with its ports, held against change for the rest of the transaction. */
export interface HeldPolicy extends Record<string, unknown> {
  readonly id: string
  readonly vmId: string
  readonly accountId: string
  readonly resourceGroupId: string
  readonly version: number
  readonly enabled: boolean
  readonly ports: readonly PolicyPort[]
}

/** The machines that policies are about, by the id of the policy. Whose policy it is never changes. */
export async function findPolicies(tx: Transaction, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const { rows } = await tx.execute<{ id: string; vm_id: string }>(sql`
    select id, vm_id from policies where id = any(${sql.param(ids)}::uuid[])`)
  return new Map(rows.map((row) => [row.id, row.vm_id]))
}

/** Reads policies and holds them: `share` lets other requests read on, `update` is for changing them. */
export async function holdPolicies(
  tx: Transaction,
  by: { readonly policyIds: readonly string[] } | { readonly vmIds: readonly string[] },
  lock: 'share' | 'update',
): Promise<readonly HeldPolicy[]> {
  const which =
    'policyIds' in by
      ? sql`p.id = any(${sql.param(by.policyIds)}::uuid[])`
      : sql`p.vm_id = any(${sql.param(by.vmIds)}::text[]) and p.disabled_at is null`
  const { rows } = await tx.execute<HeldPolicy>(sql`
    select p.id, p.vm_id as "vmId", p.account_id as "accountId", p.resource_group_id as "resourceGroupId", p.version,
      p.disabled_at is null as enabled
    from policies p where ${which} order by p.id ${lock === 'share' ? sql`for share` : sql`for no key update`}`)
  // A second statement: the ports must be those after the lock was granted, not of the snapshot before it.
  const ports = await tx.execute<PolicyPort & { id: string } & Record<string, unknown>>(sql`
    select policy_id as id, port, protocol, allowed_sources as "allowedSources",
      maximum_duration_seconds as "maximumDurationSeconds"
    from policy_ports where policy_id = any(${sql.param(rows.map((row) => row.id))}::uuid[]) order by port, protocol`)
  const byPolicy = Map.groupBy(ports.rows, (row) => row.id)
  return rows.map((row) => ({
    ...row,
    ports: (byPolicy.get(row.id) ?? []).map(({ port, protocol, allowedSources, maximumDurationSeconds }) => ({
      port,
      protocol,
      allowedSources,
      maximumDurationSeconds,
    })),
  }))
}
