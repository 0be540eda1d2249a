import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import type { TestProject } from 'vitest/node'
import { silentLog } from '../../src/log/log.ts'
import { startEmbeddedPostgres } from '../../src/store/embedded/start.ts'
import { migrateStore } from '../../src/store/migrate.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The server every test file makes its own database on. */
    readonly postgresUrl: string
    /** Name of the migrated database they are copied from. */
    readonly templateDatabase: string
  }
}

/** Runs once before all tests: a Postgres of its own, unless DATABASE_URL names one, and the template. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const server = await findServer()
  const template = `jit_template_${randomBytes(6).toString('hex')}`
  try {
    await statement(server.url, `create database ${template}`)
    await migrateStore(databaseUrl(server.url, template))
  } catch (error) {
    await server.stop()
    throw error
  }
  project.provide('postgresUrl', server.url)
  project.provide('templateDatabase', template)
  return async () => {
    await statement(server.url, `drop database if exists ${template} with (force)`)
    await server.stop()
  }
}

async function findServer(): Promise<{ url: string; stop(): Promise<void> }> {
  const given = process.env['DATABASE_URL']
  if (given !== undefined && given !== '') return { url: given, stop: async () => {} }
  const folder = await mkdtemp(join(tmpdir(), 'jit-gateway-test-'))
  const removeFolder = () => rm(folder, { recursive: true, force: true })
  try {
    // Nothing here has to outlive a crash.
    const settings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }
    const server = await startEmbeddedPostgres({ dataDir: folder, log: silentLog, settings })
    return {
      url: server.url,
      async stop() {
        await server.stop()
        await removeFolder()
      },
    }
  } catch (error) {
    await removeFolder()
    throw error
  }
}

/** The URL of another database on the same server. */
export function databaseUrl(serverUrl: string, database: string): string {
  const url = new URL(serverUrl)
  url.pathname = `/${database}`
  return url.href
}

/** Runs one statement outside any database of a test. */
export async function statement(serverUrl: string, text: string): Promise<void> {
  const client = new Client({ connectionString: serverUrl })
  await client.connect()
  try {
    await client.query(text)
  } finally {
    await client.end()
  }
}
