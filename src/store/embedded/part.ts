import { Client } from 'pg'
import type { Log } from '../../log/log.ts'

/** One process's part in a server that several may share. */
export interface Part {
  readonly url: string
  /** Gives it up; true when nobody else takes part, and the server is to be ended. Called again, answers false. */
  leave(): Promise<boolean>
}

/** Any number that no one else locks in the maintenance database. */
const LOCK = 7_461_002

/**
 * Takes part in the server at `url`, by a connection that holds a shared lock as long as the process lives; null when
 * the server does not let us in, or ends meanwhile. Whoever can get the lock alone is the last.
 */
export async function takePart(url: string, log: Log): Promise<Part | null> {
  const client = new Client({
    connectionString: url,
    application_name: 'jit-gateway-embedded',
    connectionTimeoutMillis: 5_000,
  })
  let left = false
  client.on('error', (error) => {
    if (!left) log.error({ error: error.message }, 'embedded Postgres ended unexpectedly')
  })
  try {
    await client.connect()
    await client.query('select pg_advisory_lock_shared($1)', [LOCK])
  } catch {
    left = true
    await client.end().catch(() => {})
    return null
  }
  return {
    url,
    async leave() {
      if (left) return false
      left = true
      try {
        await client.query('select pg_advisory_unlock_shared($1)', [LOCK])
        const { rows } = await client.query<{ alone: boolean }>('select pg_try_advisory_lock($1) as alone', [LOCK])
        return rows[0]?.alone === true
      } catch {
        return false
      } finally {
        client.end().catch(() => {})
      }
    },
  }
}
