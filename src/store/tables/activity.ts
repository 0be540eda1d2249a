import { sql } from 'drizzle-orm'
import { bigserial, index, jsonb, pgEnum, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import { factKinds } from '../../access/fact-kinds.ts'
import { instant, xid8 } from './column.ts'
import { actorKind } from './actor.ts'

export const factKind = pgEnum('fact_kind', factKinds)

/**
 * The append-only log of facts. Its order is that of (transaction, position) below the oldest running transaction:
 * positions alone are handed out before commit, and a reader by position would skip rows.
 */
export const activities = pgTable(
  'activities',
  {
    position: bigserial({ mode: 'bigint' }).primaryKey(),
    transaction: xid8()
      .notNull()
      .default(sql`pg_current_xact_id()`),
    at: instant('at')
      .notNull()
      .default(sql`gateway_now()`),
    kind: factKind().notNull(),
    actorKind: actorKind('actor_kind').notNull(),
    actorId: text('actor_id').notNull(),
    actorName: text('actor_name').notNull(),
    accountId: text('account_id'),
    resourceGroupId: text('resource_group_id'),
    vmId: text('vm_id'),
    boundaryId: text('boundary_id'),
    policyId: uuid('policy_id'),
    requestId: uuid('request_id'),
    grantId: uuid('grant_id'),
    /** Whose grant or request it is about, for the authorisation of holders and the filter by requester. */
    requesterId: text('requester_id'),
    /** The cloud's own correlation id of the write this fact came from. */
    correlationId: text('correlation_id'),
    detail: jsonb().notNull(),
  },
  (table) => [
    index('activities_order').on(table.transaction, table.position),
    // One for each thing a reader narrows the log to, each in the order of the log: a page costs what it shows.
    index('activities_vm').on(table.vmId, table.transaction, table.position),
    index('activities_grant').on(table.grantId, table.transaction, table.position),
    index('activities_requester').on(table.requesterId, table.transaction, table.position),
    index('activities_actor').on(table.actorId, table.transaction, table.position),
    index('activities_kind').on(table.kind, table.transaction, table.position),
    index('activities_account').on(table.accountId, table.transaction, table.position),
    index('activities_resource_group').on(table.resourceGroupId, table.transaction, table.position),
    index('activities_at').on(table.at, table.transaction),
  ],
)
