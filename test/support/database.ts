import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll } from 'vitest'
import { openStore, type OpenStore } from '../../src/store/open.ts'
import { ownServer } from './own-server.ts'
import { databaseUrl, statement } from './postgres.ts'

/** A migrated, empty database of the test file's own. Its parts can be used from the first hook of the file on. */
export interface TestDatabase {
  readonly store: OpenStore
  readonly url: string
  /** Moves the database's clock, `gateway_now()`, on by `ms` milliseconds; calls add up. */
  advance(ms: number): Promise<void>
}

/** Makes a database before the tests of the file (or of the `describe` it is called in) and drops it after them. */
export function useDatabase(): TestDatabase {
  let store: OpenStore | undefined
  const name = `jit_test_${randomBytes(6).toString('hex')}`
  const url = () => databaseUrl(ownServer().url, name)
  let offsetMs = 0

  beforeAll(async () => {
    const { url: server, template } = ownServer()
    // By copying its files: writing them to the log, page by page, takes several times as long.
    await statement(server, `create database ${name} template ${template} strategy file_copy`)
    store = await openStore(url())
  })
  afterAll(async () => {
    await store?.close()
    await statement(ownServer().url, `drop database if exists ${name} with (force)`)
  })

  return {
    get store() {
      if (store === undefined) throw new Error('the database is made in beforeAll: use it in a hook or a test')
      return store
    },
    get url() {
      return url()
    },
    async advance(ms) {
      offsetMs += ms
      await this.store.pool.query(`
        create or replace function gateway_now() returns timestamptz language sql volatile parallel safe
        as $$ select date_trunc('milliseconds', clock_timestamp()) + interval '${offsetMs} milliseconds' $$`)
    },
  }
}
