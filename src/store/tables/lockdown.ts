import { sql } from 'drizzle-orm'
import { check, index, integer, pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { instant } from './column.ts'
import { actorKind } from './actor.ts'

/** Scopes in which nothing may be open and nothing be asked for, in force until they are lifted. */
export const lockdowns = pgTable(
  'lockdowns',
  {
    id: uuid().primaryKey(),
    scope: text().notNull(),
    /** Where the scope lies; null where it is wider. */
    accountId: text('account_id'),
    resourceGroupId: text('resource_group_id'),
    vmId: text('vm_id'),
    reason: text().notNull(),
    beganAt: instant('began_at').notNull(),
    beganByKind: actorKind('began_by_kind').notNull(),
    beganById: text('began_by_id').notNull(),
    beganByName: text('began_by_name').notNull(),
    /** Grants that it ended, all told. */
    grantsEnded: integer('grants_ended').notNull().default(0),
    liftedAt: instant('lifted_at'),
    liftedByKind: actorKind('lifted_by_kind'),
    liftedById: text('lifted_by_id'),
    liftedByName: text('lifted_by_name'),
  },
  (table) => [
    uniqueIndex('lockdowns_one_in_force')
      .on(table.scope)
      .where(sql`lifted_at is null`),
    index('lockdowns_account').on(table.accountId, table.id),
    check(
      'lockdowns_lifted_by_somebody',
      sql`num_nulls(${table.liftedAt}, ${table.liftedByKind}, ${table.liftedById}, ${table.liftedByName}) in (0, 4)`,
    ),
  ],
)
