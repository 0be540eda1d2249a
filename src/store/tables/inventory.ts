import { bigint, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { instant } from './column.ts'

/**
 * What a sync in progress has read so far, a row a resource. It is written page by page, in transactions that are over
 * at once, and becomes the inventory in one: a sync that is cut off has changed nothing.
 */
export const inventoryItems = pgTable(
  'inventory_items',
  {
    accountId: text('account_id').notNull(),
    /** The sync it belongs to: `accounts.sync_generation`. */
    generation: bigint({ mode: 'number' }).notNull(),
    kind: text().notNull(),
    id: text().notNull(),
    /** The moment before it was asked for. */
    at: instant('at').notNull(),
    body: jsonb().notNull(),
  },
  (table) => [primaryKey({ columns: [table.accountId, table.generation, table.kind, table.id] })],
)
