import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openStore, type OpenStore } from '../../src/store/open.ts'
import { useDatabase } from '../support/database.ts'
import { ownServer } from '../support/own-server.ts'
import { statement } from '../support/postgres.ts'

const database = useDatabase()
let store: OpenStore

beforeEach(async () => {
  // With one connection, the first that is kept by mistake is missed by whoever comes next.
  store = await openStore(database.url, { connections: 1 })
})
afterEach(() => store.close())

const loseConnection = () =>
  statement(
    ownServer().url,
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'jit-gateway'
       and datname = '${new URL(database.url).pathname.slice(1)}'`,
  )

const goesOn = () =>
  expect(store.db.transaction((tx) => tx.execute(sql`select 1`))).resolves.toMatchObject({ rowCount: 1 })

describe('a transaction', () => {
  it('answers what its work answers, and is kept', async () => {
    const answer = await store.db.transaction(async (tx) => {
      await tx.execute(sql`create table kept (number int)`)
      return 'done'
    })
    expect(answer).toBe('done')
    await expect(store.pool.query('select from kept')).resolves.toMatchObject({ rowCount: 0 })
  })

  it('leaves nothing when its work fails, and fails with that', async () => {
    const failed = store.db.transaction(async (tx) => {
      await tx.execute(sql`create table never (number int)`)
      throw new Error('changed my mind')
    })
    await expect(failed).rejects.toThrow('changed my mind')
    await expect(store.pool.query('select from never')).rejects.toMatchObject({ code: '42P01' })
  })

  it('can have another within it, that fails alone', async () => {
    await store.db.transaction(async (tx) => {
      await tx.execute(sql`create table outer_one (number int)`)
      const inner = tx.transaction((nested) => nested.execute(sql`select 1 / 0`))
      await expect(inner).rejects.toMatchObject({ cause: { code: '22012' } })
    })
    await expect(store.pool.query('select from outer_one')).resolves.toMatchObject({ rowCount: 0 })
  })

  it('gives its connection back when it cannot even begin', async () => {
    const failed = store.db.transaction(async () => 'never', { isolationLevel: 'no such level' as 'serializable' })
    await expect(failed).rejects.toThrow()
    await goesOn()
  })

  it('fails, and nothing else does, when its connection is lost between two statements', async () => {
    const lost = store.db.transaction(async (tx) => {
      await loseConnection()
      await tx.execute(sql`select 1`)
    })
    await expect(lost).rejects.toThrow('Failed query: select 1')
    await goesOn()
  })

  it('takes no notice of the connection when its work failed before', async () => {
    const lost = store.db.transaction(async () => {
      await loseConnection()
      throw new Error('changed my mind')
    })
    await expect(lost).rejects.toThrow('changed my mind')
    await goesOn()
  })
})
