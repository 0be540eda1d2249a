import { sql } from 'drizzle-orm'
import { check, index, pgEnum, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import { safeguards } from '../../access/words.ts'
import { instant } from './column.ts'
import { requests } from './grant.ts'
import { actorKind } from './actor.ts'

export const safeguard = pgEnum('safeguard', safeguards)

/** Requests by break-glass, until somebody else has looked into them and after. */
export const breakGlassUses = pgTable(
  'break_glass_uses',
  {
    requestId: uuid('request_id')
      .primaryKey()
      .references(() => requests.id),
    usedById: text('used_by_id').notNull(),
    usedAt: instant('used_at').notNull(),
    /** What it went past. */
    past: safeguard()
      .array()
      .notNull()
      .default(sql`'{}'`),
    reviewedAt: instant('reviewed_at'),
    reviewedByKind: actorKind('reviewed_by_kind'),
    reviewedById: text('reviewed_by_id'),
    reviewedByName: text('reviewed_by_name'),
    /** What was found, in the words of the reviewer. */
    note: text(),
  },
  (table) => [
    index('break_glass_uses_unreviewed')
      .on(table.requestId)
      .where(sql`reviewed_at is null`),
    check(
      'break_glass_uses_reviewed_by_somebody',
      sql`num_nulls(${table.reviewedAt}, ${table.reviewedByKind}, ${table.reviewedById}, ${table.reviewedByName}, ${table.note}) in (0, 5)`,
    ),
    check('break_glass_uses_reviewed_by_another', sql`${table.reviewedById} <> ${table.usedById}`),
  ],
)
