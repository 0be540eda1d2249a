import { sql } from 'drizzle-orm'
import type { EnforcementStatus, Protocol } from '../../access/words.ts'
import { isOurs, type Endpoint, type Rule } from '../../firewall/rule.ts'
import type { Tally } from '../../firewall/security-group/taking.ts'
import { appendFacts, type NewFact } from '../append-facts.ts'
import { markOpenPortsDue } from '../open-ports/due.ts'
import type { Store, Transaction } from '../store.ts'
import type { Claim } from './claim.ts'
import { recordDrifts, type DriftFound } from './drifts.ts'
import { recordExposures } from './exposures.ts'
import { failOpenings } from './fail-openings.ts'
import { settleGrants } from './settle.ts'
import { recordTakings } from './takings.ts'
import type { CloudFault } from '../../access/facts.ts'

/** What a boundary was read to show, and what follows for the grants it concerns. */
export interface Observed {
  /** The moment before the reading, ISO 8601. */
  readonly at: string
  readonly etag: string
  readonly rules: readonly Rule[]
  readonly enforcements: readonly {
    readonly grantId: string
    readonly status: EnforcementStatus
    readonly ruleName: string | null
    /** Where a firewall lets the grant in; left out, or null, where there is no such place. */
    readonly endpoint?: Endpoint | null
    /** The end of the window ahead of which the boundary let go of it, ISO 8601; left out, or null, where it did not. */
    readonly leftFor?: string | null
  }[]
  readonly shadows: readonly {
    readonly vmId: string
    readonly port: number
    readonly protocol: Protocol
    readonly ruleName: string
  }[]
  /** Grants whose rule somebody else had edited or removed. */
  readonly drifted: readonly string[]
  readonly drift: DriftFound
  readonly refused: readonly { readonly grantId: string; readonly fault: CloudFault }[]
  readonly facts: readonly NewFact[]
  /** What became of foreign rules that are remembered; null when there are none. */
  readonly takings: Tally | null
  /** The cloud's correlation id of the write that led here; null when nothing was written. */
  readonly correlationId: string | null
}

/**
 * Locks the claim's row for the rest of the transaction; false when the claim was lost, and nothing may be recorded.
 * First it locks what a record writes, in the order in which syncs and verbs do, who make the boundary due last: the
 * account (where it is written), the boundary, its grants. In another order two would wait for each other.
 */
export async function holdClaim(
  tx: Transaction,
  owner: string,
  claim: Claim,
  options: { readonly account?: boolean } = {},
): Promise<boolean> {
  const { boundaryId: id, accountId } = claim
  if (options.account ?? false) await tx.execute(sql`select 1 from accounts where id = ${accountId} for no key update`)
  await tx.execute(sql`select 1 from boundaries where id = ${id} for no key update`)
  await tx.execute(sql`
    select 1 from grants where state in ('OPENING', 'ACTIVE', 'CLOSING')
      and id in (select grant_id from enforcements where boundary_id = ${id}) order by id for no key update`)
  const { rowCount } = await tx.execute(sql`select 1 from boundary_reconciles
    where boundary_id = ${id} and fence = ${claim.fence}::bigint and lease_owner = ${owner} for update`)
  return rowCount === 1
}

/** Records an observation and moves the grants on by it, in one transaction; false when the claim was lost. */
export async function recordObserved(store: Store, owner: string, claim: Claim, observed: Observed): Promise<boolean> {
  return store.db.transaction(async (tx) => {
    if (!(await holdClaim(tx, owner, claim))) return false
    if (await recordRules(tx, claim.boundaryId, observed)) await markOpenPortsDue(tx, claim.boundaryId)
    await recordEnforcements(tx, claim.boundaryId, observed)
    await recordShadows(tx, claim.boundaryId, observed.shadows)
    await recordExposures(tx, { boundaryId: claim.boundaryId })
    await recordDrift(tx, claim.boundaryId, observed.drifted)
    await failOpenings(tx, observed.refused)
    await appendFacts(tx, observed.facts)
    await recordDrifts(tx, claim, observed.drift)
    if (observed.takings !== null) await recordTakings(tx, claim, observed.takings)
    const ids = observed.enforcements.map((enforcement) => enforcement.grantId)
    await settleGrants(tx, ids, observed.correlationId)
    return true
  })
}

/** Answers whether rules changed that leave ports open or closed: all but allows of ours, which stand for grants. */
async function recordRules(tx: Transaction, boundaryId: string, observed: Observed): Promise<boolean> {
  const { rows } = await tx.execute<{ opens: boolean }>(sql`
    with was as (select etag, gone_at, rules from boundaries where id = ${boundaryId})
    update boundaries b set etag = ${observed.etag}, rules = ${JSON.stringify(observed.rules)}::jsonb,
      observed_at = ${observed.at}::timestamptz, gone_at = null, intended_rules = null,
      our_rules = ${JSON.stringify(observed.rules.filter(isOurs))}::jsonb,
      left_rules = ${sql.param(observed.drift.left)}::text[]
    from was where b.id = ${boundaryId}
    returning was.gone_at is not null
      or (was.etag is distinct from b.etag and ${rulesThatOpen('was')} is distinct from ${rulesThatOpen('b')}) as opens`)
  return rows[0]?.opens ?? false
}

const rulesThatOpen = (row: 'was' | 'b') => sql`(
  select jsonb_agg(r order by r->>'name') from jsonb_array_elements(${sql.raw(row)}.rules) r
  where r->>'access' <> 'ALLOW' or lower(r->>'name') not like 'jitgateway-%' or r->>'name' like '%/%')`

/** An endpoint that was seen once is kept: the grant is to have it again should its rule be lost. */
async function recordEnforcements(tx: Transaction, boundaryId: string, observed: Observed): Promise<void> {
  await tx.execute(sql`
    update enforcements e set status = o.status, rule_name = o."ruleName", observed_at = ${observed.at}::timestamptz,
      public_address = coalesce(o.endpoint->>'address', e.public_address),
      public_port = coalesce((o.endpoint->>'port')::int, e.public_port), left_for = o."leftFor"
    from jsonb_to_recordset(${JSON.stringify(observed.enforcements)}::jsonb)
      as o("grantId" uuid, status enforcement_status, "ruleName" text, endpoint jsonb, "leftFor" timestamptz)
    where e.grant_id = o."grantId" and e.boundary_id = ${boundaryId}`)
}

async function recordShadows(tx: Transaction, boundaryId: string, shadows: Observed['shadows']): Promise<void> {
  await tx.execute(sql`
    with found as (
      select * from jsonb_to_recordset(${JSON.stringify(shadows)}::jsonb)
        as s("vmId" text, port int, protocol protocol, "ruleName" text)
    ), gone as (
      delete from boundary_shadows b where b.boundary_id = ${boundaryId} and not exists (select 1 from found f
        where f."vmId" = b.vm_id and f.port = b.port and f.protocol = b.protocol)
    )
    insert into boundary_shadows as b (boundary_id, vm_id, port, protocol, rule_name)
    select ${boundaryId}, f."vmId", f.port, f.protocol, f."ruleName" from found f
    on conflict (boundary_id, vm_id, port, protocol) do update set rule_name = excluded.rule_name
      where b.rule_name <> excluded.rule_name`)
}

async function recordDrift(tx: Transaction, boundaryId: string, grantIds: readonly string[]): Promise<void> {
  if (grantIds.length === 0) return
  await tx.execute(sql`
    with drifted as (
      update grants g set drifted = true where g.id = any(${sql.param(grantIds)}::uuid[]) and g.state = 'ACTIVE'
      returning g.id, g as "grant"
    )
    insert into activities (kind, actor_kind, actor_id, actor_name, account_id, resource_group_id, vm_id, boundary_id,
      request_id, grant_id, requester_id, detail)
    select 'GrantDrifted', 'GATEWAY', 'gateway', 'JIT Gateway', (d."grant").account_id, (d."grant").resource_group_id,
      (d."grant").vm_id, ${boundaryId}, (d."grant").request_id, d.id, (d."grant").requester_id,
      grant_snapshot(d."grant")
    from drifted d order by d.id`)
}
