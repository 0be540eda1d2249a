import { drizzle } from 'drizzle-orm/node-postgres'
import { Pool, type ClientBase, type PoolConfig } from 'pg'
import { silentLog, type Log } from '../log/log.ts'
import type { Store } from './store.ts'
import { transactionsOver } from './transaction.ts'

/** A store that its opener must close. */
export interface OpenStore extends Store {
  /** Waits for the statements in hand and ends every connection. Calling it again does nothing more. */
  close(): Promise<void>
}

/** A database that is away must fail a caller quickly; every limit is in milliseconds. */
const limits = {
  /** Waiting for a connection: a free one of the pool, or a new one. */
  connectionTimeoutMillis: 2_000,
  /** No statement of ours is meant to take long; one that does is a mistake and must not hold a connection. */
  statement_timeout: 15_000,
  /** An open write holds back the whole activity feed, so a transaction nobody goes on with is ended. */
  idle_in_transaction_session_timeout: 10_000,
  idleTimeoutMillis: 60_000,
  keepAliveInitialDelayMillis: 10_000,
}

/**
 * Opens the database at `url` with up to `connections` connections for reads and as many for transactions (10 unless
 * told), so that neither waits for the other. Connections are made when needed and replaced when lost; fails when the
 * database does not answer now.
 */
export async function openStore(
  url: string,
  options: { readonly connections?: number; readonly log?: Log } = {},
): Promise<OpenStore> {
  const { connections = 10, log = silentLog } = options
  // Reads are prepared once and made so that one plan serves every run: without this, Postgres plans some of them anew
  // each time, which takes longer than the run.
  const onConnect = (client: ClientBase) => client.query('set plan_cache_mode = force_generic_plan')
  const pool = openPool(url, log, { max: connections, onConnect })
  const work = openPool(url, log, { max: connections })
  let closing: Promise<void> | undefined
  const close = () => (closing ??= Promise.all([pool.end(), work.end()]).then(() => {}))
  try {
    await pool.query('select 1')
  } catch (error) {
    await close()
    throw error
  }
  const db = drizzle({ client: work })
  db.transaction = transactionsOver(work)
  return { pool, db, close }
}

function openPool(url: string, log: Log, of: Pick<PoolConfig, 'max' | 'onConnect'>): Pool {
  const pool = new Pool({
    connectionString: url,
    application_name: 'jit-gateway',
    keepAlive: true,
    ...limits,
    ...of,
  })
  const lost = (error: Error) => log.warn({ error: error.message }, 'database connection lost')
  pool.on('error', lost)
  // A connection in somebody's hands that is lost between two statements would otherwise end the process.
  pool.on('connect', (client) => client.on('error', lost))
  return pool
}
