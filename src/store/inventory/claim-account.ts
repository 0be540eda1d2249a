import { sql } from 'drizzle-orm'
import type { Store } from '../store.ts'

/** An account that this process alone may sync until its lease runs out; `generation` proves it to the statements. */
export interface AccountClaim {
  readonly accountId: string
  readonly generation: string
}

/** Takes up to `limit` accounts whose sync is due, skipping what others hold and what the cloud throttles. */
export async function claimAccounts(
  store: Store,
  owner: string,
  leaseMs: number,
  limit: number,
): Promise<readonly AccountClaim[]> {
  const { rows } = await store.db.execute<{ id: string; generation: string }>(sql`
    update accounts a set lease_owner = ${owner}, sync_generation = a.sync_generation + 1,
      lease_until = gateway_now() + make_interval(secs => ${leaseMs / 1000}::float8)
    from (
      select id from accounts where next_sync_at <= gateway_now()
        and (lease_until is null or lease_until < gateway_now())
        and (throttled_until is null or throttled_until <= gateway_now())
      order by next_sync_at limit ${limit} for update skip locked
    ) due
    where a.id = due.id returning a.id, a.sync_generation::text as generation`)
  return rows.map(({ id, generation }) => ({ accountId: id, generation }))
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

/** Milliseconds until a sync is due, never negative; null when no account is registered. */
export async function untilNextSync(store: Store): Promise<number | null> {
  const { rows } = await store.db.execute<{ wait: number | null }>(sql`
    select ceil(extract(epoch from min(greatest(next_sync_at, lease_until, throttled_until)) - gateway_now()) * 1000)
      ::float8 as wait from accounts`)
  const wait = rows[0]?.wait ?? null
  return wait === null ? null : Math.max(0, wait)
}

/** Gives a claim back after a sync that failed: says why, and when to try again. Times are in milliseconds. */
export async function failSync(
  store: Store,
  owner: string,
  claim: AccountClaim,
  failure: { readonly message: string; readonly retryInMs: number; readonly throttledMs: number | null },
): Promise<void> {
  await store.db.execute(sql`
    update accounts set status = 'FAILING', last_sync_error = ${failure.message}, lease_owner = null, lease_until = null,
      next_sync_at = gateway_now() + make_interval(secs => ${failure.retryInMs}::float8 / 1000),
      throttled_until = greatest(throttled_until,
        gateway_now() + make_interval(secs => ${failure.throttledMs}::float8 / 1000))
    where id = ${claim.accountId} and sync_generation = ${claim.generation}::bigint and lease_owner = ${owner}`)
}
