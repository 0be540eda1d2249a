import { sql } from 'drizzle-orm'
import {
  boolean,
  check,
  index,
  integer,
  jsonb,
  pgEnum,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'
import type { ApprovalRule } from '../../access/approval.ts'
import type { Override } from '../../access/overrides.ts'
import { protocols } from '../../access/words.ts'
import { actorKind } from './actor.ts'
import { instant, texts } from './column.ts'
import { policyTemplates } from './policy-template.ts'
import { virtualMachines } from './virtual-machine.ts'

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
    /** How long before its end a grant is announced to end, in seconds; 0: never, null: as the gateway says. */
    noticeSeconds: integer('notice_seconds'),
    createdByKind: actorKind('created_by_kind').notNull(),
    createdById: text('created_by_id').notNull(),
    createdByName: text('created_by_name').notNull(),
    /** Who has to approve what is asked; null when nobody has to. Ports may have a rule of their own. */
    approval: jsonb().$type<ApprovalRule>(),
    justificationRequired: boolean('justification_required').notNull().default(false),
    /** What the whole of a justification must be; null leaves it to its writer. */
    justificationPattern: text('justification_pattern'),
    ticketRequired: boolean('ticket_required').notNull().default(false),
    /** The same of the id of a ticket. */
    ticketPattern: text('ticket_pattern'),
    /** Whether foreign rules of security groups that admit nothing but protected ports are taken away meanwhile. */
    closesForeignRules: boolean('closes_foreign_rules').notNull().default(false),
    /** Set when JIT was disabled; a disabled policy is kept for the audit trail and never enabled again. */
    disabledAt: instant('disabled_at'),
    /**
     * The template that it follows; null when it stands for itself. Of a disabled one: that somebody disabled it while a
     * template covered its machine, which is left out since.
     */
    templateId: uuid('template_id').references(() => policyTemplates.id),
    /** What it says other than its template; kept with each change of it. */
    overrides: jsonb()
      .$type<readonly Override[]>()
      .notNull()
      .default(sql`'[]'`),
  },
  (table) => [
    uniqueIndex('policies_one_enabled')
      .on(table.vmId)
      .where(sql`disabled_at is null`),
    check('policies_notice_in_range', sql`${table.noticeSeconds} between 0 and 3600`),
    index('policies_account').on(table.accountId, table.id),
    // Machines that were left out of templates.
    index('policies_left_out')
      .on(table.vmId)
      .where(sql`disabled_at is not null and template_id is not null`),
    index('policies_overriding')
      .on(table.id)
      .where(sql`overrides <> '[]'`),
    index('policies_template')
      .on(table.templateId, table.id)
      .where(sql`template_id is not null`),
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
    /** Null: as the policy says. */
    approval: jsonb().$type<ApprovalRule>(),
  },
  (table) => [
    primaryKey({ columns: [table.policyId, table.port, table.protocol] }),
    check('policy_ports_port_in_range', sql`${table.port} between 1 and 65535`),
    check('policy_ports_duration_in_range', sql`${table.maximumDurationSeconds} between 300 and 86400`),
  ],
)
