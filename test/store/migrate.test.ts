import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { migrateStore } from '../../src/store/migrate.ts'
import { openStore } from '../../src/store/open.ts'
import { ownServer } from '../support/own-server.ts'
import { databaseUrl, statement } from '../support/postgres.ts'

const name = `jit_test_${randomBytes(6).toString('hex')}`
const url = () => databaseUrl(ownServer().url, name)

beforeAll(() => statement(ownServer().url, `create database ${name}`))
afterAll(() => statement(ownServer().url, `drop database if exists ${name} with (force)`))

it('migrates an empty database once, however many processes start at the same moment', async () => {
  await Promise.all(Array.from({ length: 4 }, () => migrateStore(url())))
  const store = await openStore(url())
  try {
    const { rows } = await store.pool.query(`select name, count(*)::int as times from drizzle.__drizzle_migrations
      group by name having count(*) > 1`)
    expect(rows).toEqual([])
    await store.pool.query('select from activities')
  } finally {
    await store.close()
  }
})

it('finds nothing to do in a database that is up to date', async () => {
  await expect(migrateStore(url())).resolves.toBeUndefined()
})
