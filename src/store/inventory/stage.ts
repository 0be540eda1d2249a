import { sql } from 'drizzle-orm'
import type { Store } from '../store.ts'
import type { AccountClaim } from './claim-account.ts'

/** A resource as it was found; its body is the port's own shape of it. */
export interface StagedItem {
  readonly id: string
}

/** The database's moment, to be taken before a page is asked for. */
export async function readMoment(store: Store): Promise<string> {
  const { rows } = await store.db.execute<{ at: string }>(sql`select iso(gateway_now()) as at`)
  return rows[0]?.at ?? ''
}

/** Forgets what earlier syncs of the account left behind when they were cut off. */
export async function clearStage(store: Store, { accountId, generation }: AccountClaim): Promise<void> {
  await store.db.execute(sql`
    delete from inventory_items where account_id = ${accountId} and generation <= ${generation}::bigint`)
}

/** Tells Postgres what was kept: without it, it would look at every interface for each of thousands of machines. */
export async function knowStage(store: Store): Promise<void> {
  await store.db.execute(sql`analyze inventory_items`)
}

/** Keeps a page until the sync is complete. A resource that a moving list shows twice is kept as it was shown first. */
export async function stagePage(
  store: Store,
  { accountId, generation }: AccountClaim,
  kind: string,
  at: string,
  items: readonly StagedItem[],
): Promise<void> {
  if (items.length === 0) return
  await store.db.execute(sql`
    insert into inventory_items (account_id, generation, kind, id, at, body)
    select ${accountId}, ${generation}::bigint, ${kind}, body->>'id', ${at}::timestamptz, body
    from jsonb_array_elements(${JSON.stringify(items)}::jsonb) body on conflict do nothing`)
}
