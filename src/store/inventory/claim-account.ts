import { sql, type SQL } from 'drizzle-orm'
import type { Store, Transaction } from '../store.ts'

/** An account that this process alone may sync until its lease runs out; `generation` proves it to the statements. */
export interface AccountClaim {
  readonly accountId: string
  readonly generation: string
  /** When the account is synced next unless somebody asks meanwhile, as the database wrote it. */
  readonly nextSyncAt: string
}

/**
 * Takes up to `limit` accounts whose sync is due, or whose claim ran out before its sync ended; skips what others hold
 * and what the cloud throttles. The next sync is set to `resyncMs` from now, so that one asked for meanwhile is seen.
 */
export async function claimAccounts(
  store: Store,
  owner: string,
  { leaseMs, resyncMs }: { readonly leaseMs: number; readonly resyncMs: number },
  limit: number,
): Promise<readonly AccountClaim[]> {
  const { rows } = await store.db.execute<{ id: string; generation: string; next_sync_at: string }>(sql`
    update accounts a set lease_owner = ${owner}, sync_generation = a.sync_generation + 1,
      lease_until = gateway_now() + make_interval(secs => ${leaseMs / 1000}::float8),
      next_sync_at = gateway_now() + make_interval(secs => ${resyncMs / 1000}::float8)
    from (
      select id from accounts where (lease_until is null and next_sync_at <= gateway_now() or lease_until < gateway_now())
        and (throttled_until is null or throttled_until <= gateway_now())
      order by next_sync_at limit ${limit} for update skip locked
    ) due
    where a.id = due.id returning a.id, a.sync_generation::text as generation,
      a.next_sync_at::text`)
  return rows.map(({ id, generation, next_sync_at: nextSyncAt }) => ({ accountId: id, generation, nextSyncAt }))
}

/** Keeps a claim for another `leaseMs`; false when it went to somebody else. */
export async function renewAccount(
  store: Store,
  owner: string,
  claim: AccountClaim,
  leaseMs: number,
): Promise<boolean> {
  const { rowCount } = await store.db.execute(sql`
    update accounts set lease_until = gateway_now() + make_interval(secs => ${leaseMs / 1000}::float8)
    where id = ${claim.accountId} and sync_generation = ${claim.generation}::bigint and lease_owner = ${owner}`)
  return rowCount === 1
}

/**
 * Locks the account of a claim for the rest of the transaction, ahead of all else: whoever writes what belongs to it
 * goes on meanwhile, whoever syncs it waits. Null when the claim was lost; `first` is that no sync was ever complete.
 */
export async function holdAccount(
  tx: Transaction,
  owner: string,
  { accountId, generation }: AccountClaim,
): Promise<{ readonly first: boolean } | null> {
  // Not `for update`: every row that names the account as its own would wait, be it held by a pass this waits for.
  const { rows } = await tx.execute<{ first: boolean }>(sql`
    select last_synced_at is null as first from accounts where id = ${accountId}
    and sync_generation = ${generation}::bigint and lease_owner = ${owner} for no key update`)
  return rows[0] ?? null
}

/** Milliseconds until a sync is due, never negative; null when no account is registered. */
export async function untilNextSync(store: Store): Promise<number | null> {
  const { rows } = await store.db.execute<{ wait: number | null }>(sql`
    select ceil(extract(epoch from min(greatest(coalesce(lease_until, next_sync_at), throttled_until)) - gateway_now()) * 1000)
      ::float8 as wait from accounts`)
  const wait = rows[0]?.wait ?? null
  return wait === null ? null : Math.max(0, wait)
}

/** The next sync of a claim that is given back: in `inMs` milliseconds, or when somebody asked for it meanwhile. */
export function nextSyncAfter(claim: AccountClaim, inMs: number): SQL {
  return sql`case when next_sync_at = ${claim.nextSyncAt}::timestamptz
    then gateway_now() + make_interval(secs => ${inMs / 1000}::float8) else next_sync_at end`
}

/** Gives a claim back after a sync that failed: says why, and when to try again. Times are in milliseconds. */
export async function failSync(
  store: Store,
  owner: string,
  claim: AccountClaim,
  failure: {
    readonly message: string
    /** Empty when something else failed: what was missing before is not known to be there. */
    readonly missingPermissions: readonly string[]
    readonly retryInMs: number
    readonly throttledMs: number | null
  },
): Promise<void> {
  const missing = sql.param(failure.missingPermissions)
  await store.db.execute(sql`
    update accounts set status = 'FAILING', last_sync_error = ${failure.message},
      missing_permissions = case when cardinality(${missing}::text[]) > 0 then ${missing}::text[] else missing_permissions end,
      lease_owner = null, lease_until = null,
      next_sync_at = ${nextSyncAfter(claim, failure.retryInMs)},
      throttled_until = greatest(throttled_until,
        gateway_now() + make_interval(secs => ${failure.throttledMs}::float8 / 1000))
    where id = ${claim.accountId} and sync_generation = ${claim.generation}::bigint and lease_owner = ${owner}`)
}
