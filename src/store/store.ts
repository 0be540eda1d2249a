import type { NodePgDatabase } from 'drizzle-orm/node-postgres'
import type { Pool } from 'pg'

/** The database, as rooms above the store hold it. `gateway_now()` is its clock, and the only one that decides. */
export interface Store {
  /** For reads: prepared statements keep to one plan there, whatever their parameters. */
  readonly pool: Pool
  /** Statements over connections of their own; `db.transaction` for what must commit together. */
  readonly db: NodePgDatabase
}

/** Either the store's `db` or a transaction in it. */
export type Transaction = Parameters<Parameters<NodePgDatabase['transaction']>[0]>[0]
