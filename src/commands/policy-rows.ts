import { randomUUIDv7 } from 'node:crypto'
import type { ApprovalRule } from '../access/approval.ts'
import type { Override } from '../access/overrides.ts'
import type { PolicyPort, PolicyTerms } from '../access/policy.ts'
import type { Actor } from '../access/words.ts'
import { sql } from '../store/sql.ts'
import type { Transaction } from '../store/store.ts'
import type { Machine } from './find-machines.ts'

/** What a policy is to say, and the template that it follows in all but its overrides; null: it stands for itself. */
export interface PolicyContent {
  readonly terms: PolicyTerms
  readonly template: { readonly id: string; readonly name: string } | null
  readonly overrides: readonly Override[]
}

/** A policy about to be made for a machine. */
export interface NewPolicy extends PolicyContent {
  readonly machine: Pick<Machine, 'id' | 'accountId' | 'resourceGroupId'>
}

/** Makes policies, at most one enabled a machine; the ids of those made, by machine. */
export async function insertPolicies(
  tx: Transaction,
  actor: Actor,
  policies: readonly NewPolicy[],
): Promise<ReadonlyMap<string, string>> {
  if (policies.length === 0) return new Map()
  const rows = policies.map(({ machine, ...content }) => ({
    id: randomUUIDv7(),
    vm: machine.id,
    account: machine.accountId,
    group: machine.resourceGroupId,
    ...columnsOf(content),
  }))
  const made = await tx.execute<{ id: string; vm_id: string }>(sql`
    insert into policies (id, vm_id, account_id, resource_group_id, created_at, updated_at, created_by_kind,
      created_by_id, created_by_name, ${columnNames})
    select p.id, p.vm, p.account, p."group", gateway_now(), gateway_now(), ${actor.kind}::actor_kind,
      ${actor.id}, ${actor.name}, ${columnNames}
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as p(id uuid, vm text, account text, "group" text,
      ${columnTypes})
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

/** What policies say apart from their ports, as the columns have it. */
const columnNames = sql`approval, justification_required, justification_pattern, ticket_required, ticket_pattern,
  closes_foreign_rules, notice_seconds, template_id, overrides`
const columnTypes = sql`approval jsonb, justification_required boolean, justification_pattern text,
  ticket_required boolean, ticket_pattern text, closes_foreign_rules boolean, notice_seconds int, template_id uuid,
  overrides jsonb`

interface Columns {
  readonly approval: ApprovalRule | null
  readonly justification_required: boolean
  readonly justification_pattern: string | null
  readonly ticket_required: boolean
  readonly ticket_pattern: string | null
  readonly closes_foreign_rules: boolean
  readonly notice_seconds: number | null
  readonly template_id: string | null
  readonly overrides: readonly Override[]
}

function columnsOf({ terms, template, overrides }: PolicyContent): Columns {
  const { approval, justification, ticket, closesForeignRules, noticeSeconds } = terms
  return {
    approval,
    justification_required: justification.required,
    justification_pattern: justification.pattern,
    ticket_required: ticket.required,
    ticket_pattern: ticket.pattern,
    closes_foreign_rules: closesForeignRules,
    notice_seconds: noticeSeconds,
    template_id: template?.id ?? null,
    overrides,
  }
}

/** Changes what policies say, their ports too. */
export async function rewritePolicies(
  tx: Transaction,
  policies: readonly (PolicyContent & { readonly id: string })[],
): Promise<void> {
  const rows = policies.map(({ id, ...content }) => ({ id, ...columnsOf(content) }))
  await tx.execute(sql`
    update policies p set version = p.version + 1, updated_at = gateway_now(), approval = t.approval,
      justification_required = t.justification_required, justification_pattern = t.justification_pattern,
      ticket_required = t.ticket_required, ticket_pattern = t.ticket_pattern,
      closes_foreign_rules = t.closes_foreign_rules, notice_seconds = t.notice_seconds, template_id = t.template_id,
      overrides = t.overrides
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as t(id uuid, ${columnTypes}) where p.id = t.id`)
  const ids = sql.param(policies.map(({ id }) => id))
  await tx.execute(sql`delete from policy_ports where policy_id = any(${ids}::uuid[])`)
  await insertPorts(
    tx,
    policies.flatMap(({ id: policyId, terms }) => terms.ports.map((port) => ({ policyId, ...port }))),
  )
}

/** Disables policies; what a template covered then says so. */
export async function disablePolicies(
  tx: Transaction,
  policies: readonly { readonly id: string; readonly templateId: string | null }[],
): Promise<void> {
  await tx.execute(sql`
    update policies p set disabled_at = gateway_now(), updated_at = gateway_now(), template_id = d."templateId"
    from jsonb_to_recordset(${JSON.stringify(policies)}::jsonb) as d(id uuid, "templateId" uuid) where p.id = d.id`)
}

/** Adds ports to policies. */
async function insertPorts(
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
