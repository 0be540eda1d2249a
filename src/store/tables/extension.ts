import { sql } from 'drizzle-orm'
import { check, index, integer, pgTable, uuid } from 'drizzle-orm/pg-core'
import { instant } from './column.ts'
import { grants, requests } from './grant.ts'

/** Requests to extend a grant, with what was asked and what came of it: rows beside those of `requests`. */
export const extensions = pgTable(
  'extensions',
  {
    requestId: uuid('request_id')
      .primaryKey()
      .references(() => requests.id),
    grantId: uuid('grant_id')
      .notNull()
      .references(() => grants.id),
    /** Length of the window asked for, from the extension on; null when an absolute end was asked. */
    durationSeconds: integer('duration_seconds'),
    /** The absolute end asked for. */
    endsAt: instant('ends_at'),
    /** How many have to approve it, by the policy as it was last; 0: nobody. */
    approvalsNeeded: integer('approvals_needed').notNull().default(0),
    /** The end of the grant when it was asked. */
    previousEndsAt: instant('previous_ends_at').notNull(),
    /** When it took effect, and the end that the grant came to have; null until then. */
    extendedAt: instant('extended_at'),
    extendedTo: instant('extended_to'),
  },
  (table) => [
    index('extensions_grant').on(table.grantId, table.requestId),
    index('extensions_waiting')
      .on(table.grantId)
      .where(sql`extended_at is null`),
    check('extensions_window', sql`(${table.durationSeconds} is null) <> (${table.endsAt} is null)`),
    check('extensions_done', sql`(${table.extendedAt} is null) = (${table.extendedTo} is null)`),
  ],
)
