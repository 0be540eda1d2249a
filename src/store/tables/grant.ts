import { sql } from 'drizzle-orm'
import { boolean, check, index, integer, jsonb, pgEnum, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core'
import type { Refusal } from '../../access/facts.ts'
import { endReasons, enforcementStatuses, grantStates, requestStatuses } from '../../access/words.ts'
import { boundaries } from './boundary.ts'
import { instant, texts } from './column.ts'
import { actorKind } from './actor.ts'
import { protocol } from './policy.ts'
import { virtualMachines } from './virtual-machine.ts'

export const requestStatus = pgEnum('request_status', requestStatuses)
export const grantState = pgEnum('grant_state', grantStates)
export const endReason = pgEnum('end_reason', endReasons)
export const enforcementStatus = pgEnum('enforcement_status', enforcementStatuses)

/** One ask for access, by one actor. */
export const requests = pgTable(
  'requests',
  {
    id: uuid().primaryKey(),
    requesterKind: actorKind('requester_kind').notNull(),
    requesterId: text('requester_id').notNull(),
    requesterName: text('requester_name').notNull(),
    /** What the requester came with: who may no longer ask when it is to open is refused. */
    requesterGroups: texts('requester_groups'),
    requesterAppRoles: texts('requester_app_roles'),
    /** The right to ask came from the configuration, not from a role that was assigned. */
    requesterConfigured: boolean('requester_configured').notNull().default(false),
    justification: text(),
    ticketId: text('ticket_id'),
    ticketSystem: text('ticket_system'),
    /** Null: its grants were to open as soon as they may. */
    startsAt: instant('starts_at'),
    status: requestStatus().notNull(),
    requestedAt: instant('requested_at').notNull(),
    decidedAt: instant('decided_at'),
    /** Not decided by then it lapses; null when nobody had to approve it. */
    decideBy: instant('decide_by'),
    /** When the gateway looks at it next while it waits: at its end, or when what it waits for may have changed. */
    lookAt: instant('look_at'),
  },
  (table) => [
    index('requests_requester').on(table.requesterId, table.id),
    index('requests_look')
      .on(table.lookAt)
      .where(sql`status = 'PENDING_APPROVAL'`),
    check(
      'requests_waiting_have_an_end',
      sql`${table.status} <> 'PENDING_APPROVAL' or (${table.decideBy} is not null and ${table.lookAt} is not null)`,
    ),
    check('requests_ticket_has_an_id', sql`${table.ticketSystem} is null or ${table.ticketId} is not null`),
  ],
)

/** The right to one port of one virtual machine for a window. Decided state only: see enforcements for what is so. */
export const grants = pgTable(
  'grants',
  {
    id: uuid().primaryKey(),
    requestId: uuid('request_id')
      .notNull()
      .references(() => requests.id),
    vmId: text('vm_id')
      .notNull()
      .references(() => virtualMachines.id),
    accountId: text('account_id').notNull(),
    resourceGroupId: text('resource_group_id').notNull(),
    requesterId: text('requester_id').notNull(),
    requesterName: text('requester_name').notNull(),
    port: integer().notNull(),
    protocol: protocol().notNull(),
    sources: texts('sources'),
    state: grantState().notNull(),
    requestedAt: instant('requested_at').notNull(),
    /** Asked for by break-glass: see break_glass_uses. */
    breakGlass: boolean('break_glass').notNull().default(false),
    /** Length of the window when it starts at activation; null when an absolute end was asked. */
    durationSeconds: integer('duration_seconds'),
    /** When it is to open; null: as soon as it may. */
    startsAt: instant('starts_at'),
    /** How many have to approve it, by the policy as it was last; 0: nobody. */
    approvalsNeeded: integer('approvals_needed').notNull().default(0),
    /** What failed when it was evaluated again before it opened. */
    refusals: jsonb().$type<readonly Refusal[]>().notNull().default([]),
    /** End of the window: set at activation, or from the start when it was asked as a moment. */
    endsAt: instant('ends_at'),
    /** An opening not proven by then has failed. */
    openBy: instant('open_by').notNull(),
    /** The latest moment the window can end; written into the cloud's rule. */
    latestEnd: instant('latest_end').notNull(),
    activatedAt: instant('activated_at'),
    /** When its window was last extended; null when it never was. */
    extendedAt: instant('extended_at'),
    /** When its end is to be announced; null when it is not to be, or was. Set anew with every end. */
    noticeAt: instant('notice_at'),
    /** Set when the opening was given up; the grant is OPEN_FAILED once its clean-up is proven. */
    openFailedAt: instant('open_failed_at'),
    faultCode: text('fault_code'),
    faultMessage: text('fault_message'),
    /** When it entered CLOSING. */
    closingAt: instant('closing_at'),
    endReason: endReason('end_reason'),
    endedById: text('ended_by_id'),
    closedAt: instant('closed_at'),
    closeAttempts: integer('close_attempts').notNull().default(0),
    lastCloseError: text('last_close_error'),
    /** A rule of this grant was edited or removed by somebody else, and put back. */
    drifted: boolean().notNull().default(false),
  },
  (table) => [
    index('grants_vm').on(table.vmId, table.id),
    index('grants_vm_requested').on(table.vmId, table.requestedAt),
    index('grants_vm_activated')
      .on(table.vmId, table.activatedAt, table.id)
      .where(sql`activated_at is not null`),
    index('grants_vm_requester_activated')
      .on(table.vmId, table.requesterId, table.activatedAt, table.id)
      .where(sql`activated_at is not null`),
    index('grants_request').on(table.requestId),
    index('grants_requester').on(table.requesterId, table.id),
    index('grants_account').on(table.accountId, table.id),
    index('grants_ends')
      .on(table.endsAt)
      .where(sql`state in ('OPENING', 'ACTIVE') and ends_at is not null`),
    index('grants_opening')
      .on(table.openBy)
      .where(sql`state = 'OPENING'`),
    index('grants_starts')
      .on(table.startsAt)
      .where(sql`state = 'SCHEDULED'`),
    index('grants_waiting')
      .on(table.vmId)
      .where(sql`state in ('PENDING_APPROVAL', 'SCHEDULED')`),
    index('grants_held')
      .on(table.vmId, table.requesterId)
      .where(sql`state in ('PENDING_APPROVAL', 'SCHEDULED', 'OPENING', 'ACTIVE')`),
    index('grants_live')
      .on(table.vmId)
      .where(sql`state in ('OPENING', 'ACTIVE', 'CLOSING')`),
    index('grants_notice')
      .on(table.noticeAt)
      .where(sql`state = 'ACTIVE' and notice_at is not null`),
    index('grants_unended')
      .on(table.accountId)
      .where(sql`state in ('PENDING_APPROVAL', 'SCHEDULED', 'OPENING', 'ACTIVE')`),
    check(
      'grants_window',
      sql`(${table.durationSeconds} is null) <> (${table.endsAt} is null) or ${table.activatedAt} is not null`,
    ),
    check('grants_ended_says_why', sql`${table.state} not in ('CLOSING', 'CLOSED') or ${table.endReason} is not null`),
  ],
)

/** What a boundary was last observed to show for a grant. */
export const enforcements = pgTable(
  'enforcements',
  {
    grantId: uuid('grant_id')
      .notNull()
      .references(() => grants.id),
    boundaryId: text('boundary_id')
      .notNull()
      .references(() => boundaries.id),
    status: enforcementStatus().notNull(),
    ruleName: text('rule_name'),
    /** Where a firewall was last seen to let it in; null where it was never, and at boundaries of other kinds. */
    publicAddress: text('public_address'),
    publicPort: integer('public_port'),
    /** The end of the window ahead of which the boundary let go of it; null while it did not. */
    leftFor: instant('left_for'),
    /** Null until the boundary was read for this grant. */
    observedAt: instant('observed_at'),
  },
  (table) => [
    primaryKey({ columns: [table.grantId, table.boundaryId] }),
    index('enforcements_boundary').on(table.boundaryId),
  ],
)
