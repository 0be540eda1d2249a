import type { FollowingPolicy } from '../access/following.ts'
import type { PolicyPort } from '../access/policy.ts'
import type { OperatingSystem } from '../access/words.ts'
import { sql } from '../store/sql.ts'
import type { Transaction } from '../store/store.ts'

/** A policy, held against change for the rest of the transaction. */
export interface HeldPolicy extends FollowingPolicy, Record<string, unknown> {
  readonly id: string
  readonly vmId: string
  readonly accountId: string
  readonly resourceGroupId: string
  /** Of its machine; null when it is not known. */
  readonly os: OperatingSystem | null
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
  const locks = { none: sql``, share: sql`for share of p`, update: sql`for no key update of p` }
  const { rows } = await tx.execute<HeldPolicy>(sql`
    select p.id, p.vm_id as "vmId", p.account_id as "accountId", p.resource_group_id as "resourceGroupId", p.version,
      p.disabled_at is null as enabled, p.approval, p.notice_seconds as "noticeSeconds",
      jsonb_build_object('required', p.justification_required, 'pattern', p.justification_pattern) as justification,
      jsonb_build_object('required', p.ticket_required, 'pattern', p.ticket_pattern) as ticket,
      p.closes_foreign_rules as "closesForeignRules", v.os,
      case when t.id is not null then jsonb_build_object('overrides', p.overrides, 'template', jsonb_build_object(
        'id', t.id, 'name', t.name, 'terms', t.terms, 'whenLeft', t.when_left)) end as follows
    from policies p join virtual_machines v on v.id = p.vm_id left join policy_templates t on t.id = p.template_id
    where ${which} order by p.id ${locks[lock]}`)
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
