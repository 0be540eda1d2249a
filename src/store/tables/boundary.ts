import { bigint, boolean, index, integer, jsonb, pgEnum, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core'
import { sql } from 'drizzle-orm'
import { boundaryKinds } from '../../access/words.ts'
import type { Rule } from '../../firewall/rule.ts'
import { protocol } from './policy.ts'
import { accounts } from './account.ts'
import { instant, texts } from './column.ts'
import { virtualMachines } from './virtual-machine.ts'

/** Its values sort in the order in which a packet from outside meets them. */
export const boundaryKind = pgEnum('boundary_kind', boundaryKinds)

/** Rule sets that a cloud enforces, as last observed. */
export const boundaries = pgTable(
  'boundaries',
  {
    id: text().primaryKey(),
    kind: boundaryKind().notNull().default('NETWORK_SECURITY_GROUP'),
    accountId: text('account_id')
      .notNull()
      .references(() => accounts.id),
    resourceGroupId: text('resource_group_id').notNull(),
    resourceGroup: text('resource_group').notNull(),
    name: text().notNull(),
    location: text().notNull(),
    etag: text(),
    rules: jsonb().$type<readonly Rule[]>().notNull().default([]),
    /** Rules of ours as a pass last left them; null before the first. Syncs write `rules` and not this. */
    ourRules: jsonb('our_rules').$type<readonly Rule[]>(),
    /** Rules of ours as the write leaves them that was begun last; null once it is recorded. */
    intendedRules: jsonb('intended_rules').$type<readonly Rule[]>(),
    /** Names of rules of ours that are left as somebody else made them. */
    leftRules: texts('left_rules'),
    observedAt: instant('observed_at').notNull(),
    generation: bigint({ mode: 'number' }).notNull(),
    /** The public addresses of a firewall, the first one first; other kinds have none. */
    publicAddresses: texts('public_addresses'),
    /** CIDRs that packets seem to come from once they came through a firewall; other kinds have none. */
    relaysFrom: texts('relays_from'),
    goneAt: instant('gone_at'),
  },
  (table) => [index('boundaries_account').on(table.accountId, table.id)],
)

/** When to look at each boundary next, and who is looking: state, not messages, so any number of asks is one pass. */
export const boundaryReconciles = pgTable(
  'boundary_reconciles',
  {
    boundaryId: text('boundary_id')
      .primaryKey()
      .references(() => boundaries.id),
    accountId: text('account_id').notNull(),
    nextRunAt: instant('next_run_at'),
    /** Asked for while a pass was running. */
    pendingAt: instant('pending_at'),
    /** A close is due: claimed before any open. */
    urgent: boolean().notNull().default(false),
    generation: bigint({ mode: 'number' }).notNull().default(0),
    claimedGeneration: bigint('claimed_generation', { mode: 'number' }),
    fence: bigint({ mode: 'number' }).notNull().default(0),
    leaseOwner: uuid('lease_owner'),
    leaseUntil: instant('lease_until'),
    /** How long a write takes until it is read back, in milliseconds, by those there were; null before the first. */
    writeMs: integer('write_ms'),
    /** Passes that failed in a row. */
    attempts: integer().notNull().default(0),
    lastErrorCode: text('last_error_code'),
    lastErrorMessage: text('last_error_message'),
    /** Permissions that the cloud said a pass lacked, by its own names. */
    missingPermissions: texts('missing_permissions'),
  },
  (table) => [
    index('boundary_reconciles_due')
      .on(table.nextRunAt)
      .where(sql`next_run_at is not null`),
    index('boundary_reconciles_forbidden')
      .on(table.accountId)
      .where(sql`missing_permissions <> '{}'`),
  ],
)

/** Ports that a foreign allow of a boundary leaves passable there. A port is exposed when a whole path lets it pass. */
export const boundaryShadows = pgTable(
  'boundary_shadows',
  {
    boundaryId: text('boundary_id')
      .notNull()
      .references(() => boundaries.id),
    vmId: text('vm_id')
      .notNull()
      .references(() => virtualMachines.id),
    port: integer().notNull(),
    protocol: protocol().notNull(),
    ruleName: text('rule_name').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.boundaryId, table.vmId, table.port, table.protocol] }),
    index('boundary_shadows_vm').on(table.vmId),
  ],
)
