import { bigint, index, jsonb, pgEnum, pgTable, primaryKey, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { principalKinds, roleNames } from '../../access/role.ts'
import { instant } from './column.ts'

export const principalKind = pgEnum('principal_kind', principalKinds)
export const roleName = pgEnum('role_name', roleNames)

/** Who holds which role where. */
export const roleAssignments = pgTable(
  'role_assignments',
  {
    id: uuid().primaryKey(),
    principalKind: principalKind('principal_kind').notNull(),
    principalId: text('principal_id').notNull(),
    role: roleName().notNull(),
    scope: text().notNull(),
    assignedAt: instant('assigned_at').notNull(),
    assignedById: text('assigned_by_id').notNull(),
  },
  (table) => [
    uniqueIndex('role_assignments_once').on(table.principalKind, table.principalId, table.role, table.scope),
    index('role_assignments_scope').on(table.scope),
  ],
)

/** One row: raised by every change of role assignments, by whomever it was made. What was read at one version may be kept while it stands. */
export const roleVersions = pgTable('role_versions', {
  version: bigint({ mode: 'bigint' }).primaryKey(),
})

/** Answers already given to a creating verb, so that repeating the call gives the same one. */
export const idempotencyKeys = pgTable(
  'idempotency_keys',
  {
    actorId: text('actor_id').notNull(),
    verb: text().notNull(),
    key: text().notNull(),
    bodyHash: text('body_hash').notNull(),
    answer: jsonb().notNull(),
    usedAt: instant('used_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.actorId, table.verb, table.key] }),
    index('idempotency_keys_used').on(table.usedAt),
  ],
)
