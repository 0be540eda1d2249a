import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import type { TestProject } from 'vitest/node'
import { silentLog } from '../../src/log/log.ts'
import { startEmbeddedPostgres } from '../../src/store/embedded/start.ts'
import { migrateStore } from '../../src/store/migrate.ts'

/** A server that test files make databases of their own on. */
export interface TestServer {
  readonly url: string
  /** Name of the migrated database they are copied from. */
  readonly template: string
}

declare module 'vitest' {
  export interface ProvidedContext {
    readonly postgresServers: readonly TestServer[]
  }
}

/**
 * Runs once before all tests. Each worker has a Postgres of its own, unless DATABASE_URL names one for all: what is
 * read of the log waits for every transaction of a server that is older, in whichever database, and one test file would
 * wait for the statements of another.
 */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env['DATABASE_URL'] ?? ''
  const wanted = given === '' ? Array.from({ length: project.config.maxWorkers }, startServer) : [servedAt(given)]
  const started = await Promise.allSettled(wanted.map(async (server) => prepare(await server)))
  const servers = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const stopAll = async () => void (await Promise.all(servers.map((server) => server.stop())))
  const failed = started.find((one) => one.status === 'rejected')
  if (failed !== undefined) {
    await stopAll()
    throw failed.reason
  }
  project.provide(
    'postgresServers',
    servers.map(({ url, template }) => ({ url, template })),
  )
  return stopAll
}

interface RunningServer {
  readonly url: string
  stop(): Promise<void>
}

/** Makes the template. */
async function prepare(server: RunningServer): Promise<TestServer & RunningServer> {
  const { url } = server
  const template = `jit_template_${randomBytes(6).toString('hex')}`
  const stop = async () => {
    await statement(url, `drop database if exists ${template} with (force)`)
    await server.stop()
  }
  try {
    await statement(url, `create database ${template}`)
    await migrateStore(databaseUrl(url, template))
  } catch (error) {
    await stop()
    throw error
  }
  return { url, template, stop }
}

const servedAt = (url: string): Promise<RunningServer> => Promise.resolve({ url, stop: async () => {} })

async function startServer(): Promise<RunningServer> {
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
