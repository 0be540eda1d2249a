import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres'
import type { Pool, PoolClient } from 'pg'

type Transact = NodePgDatabase['transaction']

/**
 * Transactions over a pool that never keep a connection. Drizzle's own (1.0.0-rc.4) does not give back one whose
 * `begin` failed: a database that restarts ten times would leave nobody a connection. It also answers the failure of
 * the `rollback` on a lost connection, where the caller must be told what failed first.
 */
export function transactionsOver(pool: Pool): Transact {
  const sessions = new WeakMap<PoolClient, NodePgDatabase>()
  const sessionOf = (client: PoolClient) => {
    const session = sessions.get(client) ?? drizzle({ client })
    sessions.set(client, session)
    return session
  }
  const transact: Transact = async (work, config) => {
    const client = await pool.connect()
    let first: { readonly error: unknown } | undefined
    try {
      return await sessionOf(client).transaction(async (tx) => {
        try {
          return await work(tx)
        } catch (error) {
          first = { error }
          throw error
        }
      }, config)
    } catch (error) {
      throw first === undefined ? error : first.error
    } finally {
      // One that is still within a transaction, or nobody knows, is closed rather than given to somebody else.
      client.release(client.getTransactionStatus() !== 'I')
    }
  }
  return transact
}
