import type { PoolClient } from 'pg'
import { expect, onTestFinished, vi } from 'vitest'
import type { Store } from '../../../src/store/store.ts'

/** A transaction that a test drives by hand, statement by statement; rolled back after the test when it still runs. */
export async function beginByHand(store: Store): Promise<PoolClient> {
  const client = await store.pool.connect()
  await client.query('begin')
  // What waits for it must not be let go because the test stands still.
  await client.query('set local idle_in_transaction_session_timeout = 0')
  onTestFinished(async () => {
    // After a failed test the connection may be lost; closing it rolls back too.
    await client.query('rollback').catch(() => {})
    client.release(true)
  })
  return client
}

/** Resolves when `count` statements of this database wait for a lock that another transaction holds. */
export function waiting(store: Store, count = 1): Promise<void> {
  return vi.waitFor(
    async () => {
      const { rowCount } = await store.pool.query(
        `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      )
      expect(rowCount).toBe(count)
    },
    { timeout: 5_000, interval: 5 },
  )
}

/** Makes every write of a kind to a table fail until the test is over. */
export async function refuseWrites(store: Store, table: string, kind: 'insert' | 'update'): Promise<void> {
  await store.pool.query(`
    create or replace function refuse_for_test() returns trigger language plpgsql as $$
    begin raise exception 'refused for the test'; end $$`)
  await store.pool.query(
    `create trigger refused_for_test before ${kind} on ${table} for each row execute function refuse_for_test()`,
  )
  onTestFinished(async () => {
    await store.pool.query(`drop trigger refused_for_test on ${table}`)
  })
}
