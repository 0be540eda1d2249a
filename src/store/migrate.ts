import { findPackageJSON } from 'node:module'
import { dirname, join } from 'node:path'
import { drizzle } from 'drizzle-orm/node-postgres'
import { migrate } from 'drizzle-orm/node-postgres/migrator'
import { Client } from 'pg'

const MIGRATIONS = join(dirname(findPackageJSON(import.meta.url) ?? ''), 'drizzle')
/** Any number that no one else locks in this database; the migrator itself takes no lock. */
const LOCK = 7_461_001
const OLDEST_VERSION = 150_000

/**
 * Brings the database at `url` up to the newest migration. Any number of processes may call it at once: one migrates,
 * the others wait and find nothing to do. Fails when the server is older than Postgres 15.
 */
export async function migrateStore(url: string): Promise<void> {
  const client = new Client({
    connectionString: url,
    application_name: 'jit-gateway-migrate',
    connectionTimeoutMillis: 5_000,
  })
  client.on('error', () => {
    // The statement in hand fails with the same error; without a listener the process would end.
  })
  await client.connect()
  try {
    const { rows } = await client.query<{ version: number; name: string }>(
      `select current_setting('server_version_num')::int as version, current_setting('server_version') as name`,
    )
    const server = rows[0]
    if (server !== undefined && server.version < OLDEST_VERSION)
      throw new Error(`Postgres 15 or newer is needed; this server is ${server.name}`)
    await client.query('select pg_advisory_lock($1)', [LOCK])
    await migrate(drizzle({ client }), { migrationsFolder: MIGRATIONS })
  } finally {
    await client.end()
  }
}
