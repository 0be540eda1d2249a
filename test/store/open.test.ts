import { describe, expect, it } from 'vitest'
import { openStore } from '../../src/store/open.ts'
import { useDatabase } from '../support/database.ts'
import { ownServer } from '../support/own-server.ts'
import { databaseUrl, statement } from '../support/postgres.ts'

const database = useDatabase()

const gatewayNow = async () => {
  const { rows } = await database.store.pool.query<{ now: Date }>('select gateway_now() as now')
  return rows[0]?.now.getTime() ?? 0
}

/** Ends the connections of the test's own pool, as a server that restarts does. */
const dropConnections = () =>
  statement(
    ownServer().url,
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'jit-gateway'
       and datname = '${new URL(database.url).pathname.slice(1)}'`,
  )

describe('the clock of the database', () => {
  it('tells the time to the millisecond', async () => {
    const { rows } = await database.store.pool.query(
      `select gateway_now() = date_trunc('milliseconds', gateway_now()) as "to the millisecond"`,
    )
    expect(rows).toEqual([{ 'to the millisecond': true }])
  })

  it('moves on within a transaction', async () => {
    const { rows } = await database.store.pool.query(
      `select gateway_now() < (select gateway_now() from pg_sleep(0.002)) as "moves on"`,
    )
    expect(rows).toEqual([{ 'moves on': true }])
  })

  it('is moved by a test as often as it likes', async () => {
    const before = await gatewayNow()
    await database.advance(60_000)
    await database.advance(60_000)
    const passed = (await gatewayNow()) - before
    expect(passed).toBeGreaterThanOrEqual(120_000)
    expect(passed).toBeLessThan(180_000)
  })
})

describe('an open store', () => {
  it('goes on after its idle connections were lost', async () => {
    await database.store.pool.query('select 1')
    await dropConnections()
    await expect.poll(() => database.store.pool.totalCount).toBe(0)
    await expect(database.store.pool.query('select 1')).resolves.toMatchObject({ rowCount: 1 })
  })

  it('keeps to one plan for what it reads, whatever the parameters, and plans what it writes as it is', async () => {
    const { pool, db } = database.store
    const client = await pool.connect()
    for (let run = 0; run < 8; run++)
      await client.query({
        name: 'one-plan',
        text: 'select count(*) from accounts where id = $1',
        values: [String(run)],
      })
    const { rows } = await client.query(
      `select generic_plans::int as generic, custom_plans::int as custom from pg_prepared_statements where name = 'one-plan'`,
    )
    client.release()
    expect(rows).toEqual([{ generic: 8, custom: 0 }])
    expect((await db.execute('show plan_cache_mode')).rows).toEqual([{ plan_cache_mode: 'auto' }])
  })

  it('reads on when every connection for transactions is taken', async () => {
    const store = await openStore(database.url, { connections: 1 })
    await store.db.transaction(() => expect(store.pool.query('select 1')).resolves.toMatchObject({ rowCount: 1 }))
    await store.close()
  })

  it('fails a caller when every connection is taken, instead of keeping it waiting', async () => {
    const store = await openStore(database.url, { connections: 1 })
    const taken = await store.pool.connect()
    await expect(store.pool.query('select 1')).rejects.toThrow('timeout')
    taken.release()
    await store.close()
  })

  it('can be closed twice', async () => {
    const store = await openStore(database.url)
    await store.close()
    await expect(store.close()).resolves.toBeUndefined()
  })
})

it('fails to open a database that does not answer', async () => {
  await expect(openStore(databaseUrl(ownServer().url, 'there_is_none'))).rejects.toMatchObject({ code: '3D000' })
  await expect(openStore('postgres://gateway:x@127.0.0.1:1/postgres')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})
