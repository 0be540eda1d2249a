import { sql } from 'drizzle-orm'
import { bigint, index, integer, jsonb, pgEnum, pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { leavings, type TagAsked, type TemplateTerms } from '../../access/template.ts'
import { instant } from './column.ts'
import { actorKind } from './actor.ts'

export const leaving = pgEnum('leaving', leavings)

/** Policies for all machines of a scope, or those with some tags. One that was removed stays for those that follow it yet. */
export const policyTemplates = pgTable(
  'policy_templates',
  {
    id: uuid().primaryKey(),
    scope: text().notNull(),
    /** Where the scope lies; null where it is wider. */
    accountId: text('account_id'),
    resourceGroupId: text('resource_group_id'),
    vmId: text('vm_id'),
    name: text().notNull(),
    /** What machines must be tagged with, all of it; empty for every machine of the scope. */
    tags: jsonb().$type<readonly TagAsked[]>().notNull(),
    terms: jsonb().$type<TemplateTerms>().notNull(),
    whenLeft: leaving('when_left').notNull(),
    version: integer().notNull().default(1),
    createdAt: instant('created_at').notNull(),
    updatedAt: instant('updated_at').notNull(),
    /** Who stated it last. */
    updatedByKind: actorKind('updated_by_kind').notNull(),
    updatedById: text('updated_by_id').notNull(),
    updatedByName: text('updated_by_name').notNull(),
    removedAt: instant('removed_at'),
  },
  (table) => [
    uniqueIndex('policy_templates_name')
      .on(table.scope, sql`lower(name)`)
      .where(sql`removed_at is null`),
    index('policy_templates_account').on(table.accountId, table.id),
  ],
)

/**
 * Machines whose policies have to be brought up to their templates: they or the templates changed. A machine may be there
 * several times, so that whoever notes one never waits for whoever takes it.
 */
export const templatesDue = pgTable('templates_due', {
  position: bigint({ mode: 'bigint' }).primaryKey().generatedAlwaysAsIdentity(),
  vmId: text('vm_id').notNull(),
})
