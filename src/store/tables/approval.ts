import { index, pgEnum, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core'
import { sql } from 'drizzle-orm'
import { approverKinds } from '../../access/approval.ts'
import { verdicts } from '../../access/words.ts'
import { instant } from './column.ts'
import { grants, requests } from './grant.ts'
import { actorKind } from './actor.ts'

export const approverKind = pgEnum('approver_kind', approverKinds)
export const verdict = pgEnum('verdict', verdicts)

/**
 * Whose decision a grant waits for: a row for each approver that its policy names, as long as approvals are missing. So
 * the table holds what waits and nothing else, and what waits for somebody is found without looking at the rest.
 */
export const awaitedApprovals = pgTable(
  'awaited_approvals',
  {
    grantId: uuid('grant_id')
      .notNull()
      .references(() => grants.id),
    requestId: uuid('request_id')
      .notNull()
      .references(() => requests.id),
    requesterId: text('requester_id').notNull(),
    vmId: text('vm_id').notNull(),
    accountId: text('account_id').notNull(),
    resourceGroupId: text('resource_group_id').notNull(),
    approverKind: approverKind('approver_kind').notNull(),
    /** Empty for ROLE. */
    approverId: text('approver_id').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.grantId, table.approverKind, table.approverId] }),
    index('awaited_approvals_request').on(table.requestId),
    index('awaited_approvals_approver').on(table.approverId, table.approverKind, table.requestId),
    index('awaited_approvals_by_role')
      .on(table.accountId, table.resourceGroupId, table.vmId)
      .where(sql`approver_kind = 'ROLE'`),
  ],
)

/** What approvers said while it counted: one row each, so that each counts once. */
export const requestDecisions = pgTable(
  'request_decisions',
  {
    requestId: uuid('request_id')
      .notNull()
      .references(() => requests.id),
    actorKind: actorKind('actor_kind').notNull(),
    actorId: text('actor_id').notNull(),
    actorName: text('actor_name').notNull(),
    verdict: verdict().notNull(),
    reason: text(),
    decidedAt: instant('decided_at').notNull(),
    /** The grants for which the actor was an approver at that moment. */
    grantIds: uuid('grant_ids').array().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.requestId, table.actorId] }),
    index('request_decisions_actor').on(table.actorId, table.requestId),
  ],
)
