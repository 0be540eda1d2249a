import { sql } from 'drizzle-orm'
import { boolean, check, integer, pgTable } from 'drizzle-orm/pg-core'

/** One row: what of the configuration statements need, the same for every replica. */
export const gatewaySettings = pgTable(
  'gateway_settings',
  {
    /** Always true: there is one row. */
    one: boolean().primaryKey().default(true),
    /** How long before its end a grant is announced to end where its policy does not say, in seconds; 0: never. */
    noticeSeconds: integer('notice_seconds').notNull(),
  },
  (table) => [
    check('gateway_settings_one_row', sql`${table.one}`),
    check('gateway_settings_notice_in_range', sql`${table.noticeSeconds} between 0 and 3600`),
  ],
)
