import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { migrateStore } from '../../src/store/migrate.ts'
import { openStore } from '../../src/store/open.ts'
import { ownServer } from '../support/own-server.ts'
import { databaseUrl, statement } from '../support/postgres.ts'

const name = `jit_plain_${randomBytes(6).toString('hex')}`
const server = ownServer().url

beforeAll(async () => {
  await statement(server, `create role ${name} login password '${name}' nosuperuser nocreatedb nocreaterole`)
  await statement(server, `create database ${name} owner ${name}`)
})
afterAll(async () => {
  await statement(server, `drop database if exists ${name} with (force)`)
  await statement(server, `drop role if exists ${name}`)
})

it('a user that owns nothing but the database can bring it up to the newest migration, extension and all', async () => {
  const url = new URL(databaseUrl(server, name))
  url.username = url.password = name
  await migrateStore(url.href)
  const store = await openStore(url.href)
  const { rows } = await store.pool.query(
    `select current_setting('is_superuser') as super, (select count(*)::int from pg_extension where extname = 'pg_trgm') as found`,
  )
  expect(rows).toEqual([{ super: 'off', found: 1 }])
  await store.close()
})
