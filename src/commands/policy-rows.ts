import { randomUUIDv7 } from 'node:crypto'
import type { ApprovalRule } from '../access/approval.ts'
import type { PolicyPort, PolicyTerms } from '../access/policy.ts'
import type { Viewer } from '../access/viewer.ts'
import { sql } from '../store/sql.ts'
import type { Transaction } from '../store/store.ts'
import type { Machine } from './find-machines.ts'

/** A policy about to be made for a machine. */
export interface NewPolicy {
  readonly machine: Machine
  readonly terms: PolicyTerms
}

/** Makes policies, at most one enabled a machine; the ids of those made, by machine. */
export async function insertPolicies(
  tx: Transaction,
  viewer: Viewer,
  policies: readonly NewPolicy[],
): Promise<ReadonlyMap<string, string>> {
  const rows = policies.map(({ machine, terms }) => ({
    id: randomUUIDv7(),
    vm: machine.id,
    account: machine.accountId,
    group: machine.resourceGroupId,
    ...termColumns(terms),
  }))
  const made = await tx.execute<{ id: string; vm_id: string }>(sql`
    insert into policies (id, vm_id, account_id, resource_group_id, created_at, updated_at, created_by_kind,
      created_by_id, created_by_name, ${termNames})
    select p.id, p.vm, p.account, p."group", gateway_now(), gateway_now(), ${viewer.actor.kind}::actor_kind,
      ${viewer.actor.id}, ${viewer.actor.name}, ${termNames}
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as p(id uuid, vm text, account text, "group" text,
      ${termTypes})
    order by p.vm
    on conflict (vm_id) where disabled_at is null do nothing returning id, vm_id`)
  const ids = new Map(made.rows.map((row) => [row.vm_id, row.id]))
  await insertPorts(
    tx,
    policies.flatMap(({ machine, terms }) => {
      const policyId = ids.get(machine.id)
      return policyId === undefined ? [] : terms.ports.map((port) => ({ policyId, ...port }))
    }),
  )
  return ids
}

/** What policies ask of every port, as the columns have it. */
const termNames = sql`approval, justification_required, justification_pattern, ticket_required, ticket_pattern,
  closes_foreign_rules, notice_seconds`
const termTypes = sql`approval jsonb, justification_required boolean, justification_pattern text,
  ticket_required boolean, ticket_pattern text, closes_foreign_rules boolean, notice_seconds int`

interface TermColumns {
  readonly approval: ApprovalRule | null
  readonly justification_required: boolean
  readonly justification_pattern: string | null
  readonly ticket_required: boolean
  readonly ticket_pattern: string | null
  readonly closes_foreign_rules: boolean
  readonly notice_seconds: number | null
}

function termColumns(terms: PolicyTerms): TermColumns {
  const { approval, justification, ticket, closesForeignRules, noticeSeconds } = terms
  return {
    approval,
    justification_required: justification.required,
    justification_pattern: justification.pattern,
    ticket_required: ticket.required,
    ticket_pattern: ticket.pattern,
    closes_foreign_rules: closesForeignRules,
    notice_seconds: noticeSeconds,
  }
}

/** Changes what policies ask of every port; their ports are another thing. */
export async function writeTerms(
  tx: Transaction,
  policies: readonly { readonly id: string; readonly terms: PolicyTerms }[],
): Promise<void> {
  const rows = policies.map(({ id, terms }) => ({ id, ...termColumns(terms) }))
  await tx.execute(sql`
    update policies p set version = p.version + 1, updated_at = gateway_now(), approval = t.approval,
      justification_required = t.justification_required, justification_pattern = t.justification_pattern,
      ticket_required = t.ticket_required, ticket_pattern = t.ticket_pattern,
      closes_foreign_rules = t.closes_foreign_rules, notice_seconds = t.notice_seconds
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as t(id uuid, ${termTypes}) where p.id = t.id`)
}

/** Adds ports to policies. */
export async function insertPorts(
  tx: Transaction,
  ports: readonly (PolicyPort & { readonly policyId: string })[],
): Promise<void> {
  await tx.execute(sql`
    insert into policy_ports (policy_id, port, protocol, allowed_sources, maximum_duration_seconds, approval)
    select p."policyId", p.port, p.protocol, array(select jsonb_array_elements_text(p."allowedSources")),
      p."maximumDurationSeconds", p.approval
    from jsonb_to_recordset(${JSON.stringify(ports)}::jsonb) as p("policyId" uuid, port int, protocol protocol,
      "allowedSources" jsonb, "maximumDurationSeconds" int, approval jsonb)`)
}

/** A policy, held against change for the rest of the transaction. */
export interface HeldPolicy extends PolicyTerms, Record<string, unknown> {
  readonly id: string
  readonly vmId: string
  readonly accountId: string
  readonly resourceGroupId: string
  readonly version: number
  readonly enabled: boolean
}

/** The machines that policies are about, by the id of the policy. Whose policy it is never changes. */
export async function findPolicies(tx: Transaction, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const { rows } = await tx.execute<{ id: string; vm_id: string }>(sql`
    select id, vm_id from policies where id = any(${sql.param(ids)}::uuid[])`)
  return new Map(rows.map((row) => [row.id, row.vm_id]))
}

/**
 * Reads policies and holds them: `share` lets other requests read on, `update` is for changing them. `none` holds
 * nothing, for what is decided again later.
 */
export async function holdPolicies(
  tx: Transaction,
  by: { readonly policyIds: readonly string[] } | { readonly vmIds: readonly string[] },
  lock: 'none' | 'share' | 'update',
): Promise<readonly HeldPolicy[]> {
  const which =
    'policyIds' in by
      ? sql`p.id = any(${sql.param(by.policyIds)}::uuid[])`
      : sql`p.vm_id = any(${sql.param(by.vmIds)}::text[]) and p.disabled_at is null`
  const locks = { none: sql``, share: sql`for share`, update: sql`for no key update` }
  const { rows } = await tx.execute<HeldPolicy>(sql`
    select p.id, p.vm_id as "vmId", p.account_id as "accountId", p.resource_group_id as "resourceGroupId", p.version,
      p.disabled_at is null as enabled, p.approval, p.notice_seconds as "noticeSeconds",
      jsonb_build_object('required', p.justification_required, 'pattern', p.justification_pattern) as justification,
      jsonb_build_object('required', p.ticket_required, 'pattern', p.ticket_pattern) as ticket,
      p.closes_foreign_rules as "closesForeignRules"
    from policies p where ${which} order by p.id ${locks[lock]}`)
  // A second statement: the ports must be those after the lock was granted, not of the snapshot before it.
  const ports = await tx.execute<PolicyPort & { id: string } & Record<string, unknown>>(sql`
    select policy_id as id, port, protocol, allowed_sources as "allowedSources",
      maximum_duration_seconds as "maximumDurationSeconds", approval
    from policy_ports where policy_id = any(${sql.param(rows.map((row) => row.id))}::uuid[]) order by port, protocol`)
  const byPolicy = Map.groupBy(ports.rows, (row) => row.id)
  return rows.map((row) => ({
    ...row,
    ports: (byPolicy.get(row.id) ?? []).map(({ id: _id, ...port }) => port),
  }))
}
