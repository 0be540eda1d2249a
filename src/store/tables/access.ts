import { sql } from 'drizzle-orm'
import {
  bigint,
  check,
  index,
  jsonb,
  pgEnum,
  pgTable,
  primaryKey,
  text,
  unique,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'
import { principalKinds, roleNames } from '../../access/role.ts'
import { instant } from './column.ts'
import { actorKind } from './actor.ts'

export const principalKind = pgEnum('principal_kind', principalKinds)
export const roleName = pgEnum('role_name', roleNames)

/** Roles that people made. Each may be assigned at its scope and below it. */
export const customRoles = pgTable(
  'custom_roles',
  {
    id: uuid().primaryKey(),
    name: text().notNull(),
    description: text().notNull(),
    scope: text().notNull(),
    actions: text().array().notNull(),
    createdAt: instant('created_at').notNull(),
    createdByKind: actorKind('created_by_kind').notNull(),
    createdById: text('created_by_id').notNull(),
    createdByName: text('created_by_name').notNull(),
    updatedAt: instant('updated_at').notNull(),
  },
  (table) => [uniqueIndex('custom_roles_name').on(table.scope, sql`lower(${table.name})`)],
)

/** Who holds which role where, and until when: one that has ended counts no more, though its row is there for a moment. */
export const roleAssignments = pgTable(
  'role_assignments',
  {
    id: uuid().primaryKey(),
    principalKind: principalKind('principal_kind').notNull(),
    principalId: text('principal_id').notNull(),
    /** Null for a role that people made. */
    role: roleName(),
    customRoleId: uuid('custom_role_id').references(() => customRoles.id),
    scope: text().notNull(),
    assignedAt: instant('assigned_at').notNull(),
    assignedById: text('assigned_by_id').notNull(),
    endsAt: instant('ends_at'),
  },
  (table) => [
    unique('role_assignments_once')
      .on(table.principalKind, table.principalId, table.role, table.customRoleId, table.scope)
      .nullsNotDistinct(),
    check('role_assignments_one_role', sql`num_nonnulls(${table.role}, ${table.customRoleId}) = 1`),
    index('role_assignments_scope').on(table.scope),
    index('role_assignments_custom_role').on(table.customRoleId),
    index('role_assignments_ends')
      .on(table.endsAt)
      .where(sql`ends_at is not null`),
  ],
)

/**
 * One row: raised by every change of assignments and of roles, by whomever it was made. What was read at one version may
 * be kept while it stands.
 */
export const roleVersions = pgTable('role_versions', {
  version: bigint({ mode: 'bigint' }).primaryKey(),
  /** When the first assignment ends, so that until then nothing else is to be looked at; null when none does. */
  firstEnd: instant('first_end'),
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
