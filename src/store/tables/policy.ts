import { sql } from 'drizzle-orm'
import { check, index, integer, pgEnum, pgTable, primaryKey, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { actorKinds, protocols } from '../../access/words.ts'
import { instant, texts } from './column.ts'
import { virtualMachines } from './virtual-machine.ts'

export const actorKind = pgEnum('actor_kind', actorKinds)
export const protocol = pgEnum('protocol', protocols)

/** What may be asked of a virtual machine: at most one enabled policy each. */
export const policies = pgTable(
  'policies',
  {
    id: uuid().primaryKey(),
    vmId: text('vm_id')
      .notNull()
      .references(() => virtualMachines.id),
    accountId: text('account_id').notNull(),
    resourceGroupId: text('resource_group_id').notNull(),
    version: integer().notNull().default(1),
    createdAt: instant('created_at').notNull(),
    updatedAt: instant('updated_at').notNull(),
    createdByKind: actorKind('created_by_kind').notNull(),
    createdById: text('created_by_id').notNull(),
    createdByName: text('created_by_name').notNull(),
    /** Set when JIT was disabled; a disabled policy is kept for the audit trail and never enabled again. */
    disabledAt: instant('disabled_at'),
  },
  (table) => [
    uniqueIndex('policies_one_enabled')
      .on(table.vmId)
      .where(sql`disabled_at is null`),
    index('policies_account').on(table.accountId, table.id),
  ],
)

/** The ports a policy protects. */
export const policyPorts = pgTable(
  'policy_ports',
  {
    policyId: uuid('policy_id')
      .notNull()
      .references(() => policies.id),
    port: integer().notNull(),
    protocol: protocol().notNull(),
    /** Canonical CIDRs a source must lie in. */
    allowedSources: texts('allowed_sources'),
    maximumDurationSeconds: integer('maximum_duration_seconds').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.policyId, table.port, table.protocol] }),
    check('policy_ports_port_in_range', sql`${table.port} between 1 and 65535`),
    check('policy_ports_duration_in_range', sql`${table.maximumDurationSeconds} between 300 and 86400`),
  ],
)
