import { sql } from 'drizzle-orm'
import type { BoundaryKind } from '../../access/words.ts'
import type { Store } from '../store.ts'

/** A boundary that this enforcer alone may write until its lease runs out; `fence` proves it to the statements. */
export interface Claim {
  readonly boundaryId: string
  readonly kind: BoundaryKind
  readonly accountId: string
  readonly fence: string
  /** Passes over this boundary that failed in a row before this one. */
  readonly attempts: number
}

/** How many boundaries to take: of firewalls, whose writes take minutes, apart from the others. */
export interface ClaimLimits {
  readonly firewalls: number
  readonly others: number
}

/** Takes due boundaries, closes first, skipping what others hold and accounts the cloud throttles. */
export async function claimBoundaries(
  store: Store,
  owner: string,
  leaseMs: number,
  limits: ClaimLimits,
): Promise<Claim[]> {
  const due = (firewalls: boolean, limit: number) => sql`(
    select c.boundary_id, b.kind from boundary_reconciles c join accounts a on a.id = c.account_id
      join boundaries b on b.id = c.boundary_id
    where c.next_run_at <= gateway_now() and (c.lease_until is null or c.lease_until < gateway_now())
      and (a.throttled_until is null or a.throttled_until <= gateway_now())
      and b.kind ${firewalls ? sql`=` : sql`<>`} 'AZURE_FIREWALL'
    order by c.urgent desc, c.next_run_at limit ${limit} for update of c skip locked)`
  const { rows } = await store.db.execute<{
    boundary_id: string
    kind: BoundaryKind
    account_id: string
    fence: string
    attempts: number
  }>(sql`
    update boundary_reconciles r set lease_owner = ${owner}, fence = r.fence + 1, claimed_generation = r.generation,
      lease_until = gateway_now() + make_interval(secs => ${leaseMs / 1000}::float8)
    from (select * from ${due(false, limits.others)} others
      union all select * from ${due(true, limits.firewalls)} firewalls) d
    where r.boundary_id = d.boundary_id
    returning r.boundary_id, d.kind, r.account_id, r.fence::text, r.attempts`)
  return rows.map((row) => ({
    boundaryId: row.boundary_id,
    kind: row.kind,
    accountId: row.account_id,
    fence: row.fence,
    attempts: row.attempts,
  }))
}

/** Keeps a claim for another `leaseMs`; false when it was lost to another enforcer. */
export async function renewClaim(store: Store, owner: string, claim: Claim, leaseMs: number): Promise<boolean> {
  const { rowCount } = await store.db.execute(sql`
    update boundary_reconciles set lease_until = gateway_now() + make_interval(secs => ${leaseMs / 1000}::float8)
    where boundary_id = ${claim.boundaryId} and fence = ${claim.fence}::bigint and lease_owner = ${owner}`)
  return rowCount === 1
}

/**
 * Milliseconds until something is due: a boundary, the end of a grant, or an opening nobody proved in time.
 * Null when nothing is planned; never negative.
 */
export async function untilNextDue(store: Store): Promise<number | null> {
  const { rows } = await store.db.execute<{ wait: number | null }>(sql`
    select ceil(extract(epoch from least(
      (select min(greatest(r.next_run_at, r.lease_until, a.throttled_until)) from boundary_reconciles r
        join accounts a on a.id = r.account_id where r.next_run_at is not null),
      (select min(ends_at) from grants where state in ('OPENING', 'ACTIVE') and ends_at is not null),
      (select min(open_by) from grants where state = 'OPENING' and open_failed_at is null)
    ) - gateway_now()) * 1000)::float8 as wait`)
  const wait = rows[0]?.wait ?? null
  return wait === null ? null : Math.max(0, wait)
}
