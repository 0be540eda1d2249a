import { grantFactKinds, requestFactKinds, type FactKind } from '../../access/facts.ts'
import { actions } from '../../access/role.ts'
import {
  ActivityKind,
  EndReason,
  GrantState,
  PrincipalKindEnum,
  Protocol,
  RequestStatus,
  RoleName,
  Verdict,
} from '../enums.ts'
import { entityInterface } from '../read/entity.ts'
import type { Field, RowSql } from '../read/description.ts'
import {
  addresses,
  column,
  instant,
  list,
  nullable,
  one,
  plainList,
  plainOne,
  plainOrNull,
  value,
} from '../read/fields.ts'
import { placeOf, viewerId, within } from '../read/parameters.ts'
import { actorSql, elementsSql, failureSql, isFailure, isTicket, textsSql, ticketSql } from '../read/sql.ts'
import { activityCursorSql } from './activity-cursor.ts'
import { approvalField } from './plain.ts'

const text = (name: string) => (row: string) => `${row}.detail->>'${name}'`
const int = (name: string) => (row: string) => `(${row}.detail->>'${name}')::int`
const texts = (name: string) => (row: string) => textsSql(`${row}.detail->'${name}'`)
const fault = (row: string) => failureSql(`${row}.detail->'fault'->>'code'`, `${row}.detail->'fault'->>'message'`)

const textRule = (description: string, name: string) =>
  plainOne(
    'TextRule',
    description,
    (row) =>
      `(select coalesce((${row}.detail->'${name}'->>'required')::boolean, false) as required,
      ${row}.detail->'${name}'->>'pattern' as pattern)`,
  )

const variant = (name: string, description: string, kinds: readonly FactKind[], fields: Record<string, Field>) => ({
  name,
  description,
  is: (row: string) => `${row}.kind in (${kinds.map((kind) => `'${kind}'`).join(', ')})`,
  fields,
})

const port = value('Int', 'The port.', int('port'))
const protocol = value(Protocol, 'What the port speaks.', text('protocol'))
const name = value('String', 'Its name at that moment.', text('name'))

/** Facts about roles say who may do what: they ask for more than the log does. */
const mayReadRoles: RowSql = (row, parameters) =>
  `(${row}.kind not in ('RoleAssigned', 'RoleRemoved') or ${within(parameters, actions.readRole, placeOf(row))})`

entityInterface({
  name: 'Activity',
  description: 'A fact: something that happened, as it was when it happened. Facts are never changed.',
  // Below the oldest running transaction: a cursor taken from an answer never skips what is committed after it.
  table: '(select * from activities where transaction < pg_snapshot_xmin(pg_current_snapshot()))',
  key: { column: 'position', type: 'bigint' },
  authorisation: {
    rule:
      `Whoever it was asked for by, and whoever may do ${actions.readActivity} where it happened; ` +
      `facts about roles ask for ${actions.readRole} besides.`,
    where: (row, parameters) =>
      `((${row}.requester_id = ${viewerId(parameters)} or ${within(parameters, actions.readActivity, placeOf(row))})
        and ${mayReadRoles(row, parameters)})`,
  },
  fields: {
    kind: column(ActivityKind, 'What happened.', 'kind'),
    at: instant('When it was recorded.', 'at'),
    cursor: value('String', 'Its place in the log: the subscription can go on from here. Opaque.', (row) =>
      activityCursorSql(`${row}.transaction`, `${row}.position`),
    ),
    actor: plainOne('Actor', 'Who did it.', (row) =>
      actorSql(`${row}.actor_kind`, `${row}.actor_id`, `${row}.actor_name`),
    ),
    correlationId: column(
      'String',
      "The cloud's own id of the write it came from; null when it came from none.",
      'correlation_id',
      nullable,
    ),
    virtualMachine: one(
      'VirtualMachine',
      'The machine it is about, as it is now; null when it is about none, or the viewer may not see it.',
      (row, vm) => `${vm}.id = ${row}.vm_id`,
    ),
    boundary: one(
      'Boundary',
      'The boundary it is about, as it is now; null when it is about none, or the viewer may not see it.',
      (row, boundary) => `${boundary}.id = ${row}.boundary_id`,
    ),
    policy: one(
      'Policy',
      'The policy it is about, as it is now; null when it is about none, or the viewer may not see it.',
      (row, policy) => `${policy}.id = ${row}.policy_id`,
    ),
    request: one(
      'Request',
      'The request it is about, as it is now; null when it is about none, or the viewer may not see it.',
      (row, request) => `${request}.id = ${row}.request_id`,
    ),
    grant: one(
      'Grant',
      'The grant it is about, as it is now; null when it is about none, or the viewer may not see it.',
      (row, grant) => `${grant}.id = ${row}.grant_id`,
    ),
    account: one(
      'Account',
      'The account it happened in; null when it happened in none, or the viewer may not see it.',
      (row, account) => `${account}.id = ${row}.account_id`,
    ),
  },
  variants: [
    variant('GrantActivity', 'A step in the life of a grant, with the grant as it was then.', grantFactKinds, {
      state: value(GrantState, 'The state it came to.', text('state')),
      port,
      protocol,
      sources: addresses('Where from it could be reached.', (row) => `${row}.detail->'sources'`),
      endsAt: value('DateTime', 'End of the window; null while it had not begun.', text('endsAt'), nullable),
      startsAt: value('DateTime', 'When it was to open; null: as soon as it may.', text('startsAt'), nullable),
      refusals: plainList(
        'Refusal',
        'What failed when it was evaluated again before it opened; empty unless it was closed for that.',
        (row) => elementsSql(`${row}.detail->'refusals'`),
        (refusal) => `${refusal}.n`,
      ),
      endReason: value(EndReason, 'Why it ended; null until then.', text('endReason'), nullable),
      failure: plainOrNull('Failure', 'What an opening or closing met; null when nothing failed.', fault, isFailure),
    }),
    variant('RequestActivity', 'A request for access, or what became of it.', requestFactKinds, {
      justification: value('String', 'Why it was asked; null when not said.', text('justification'), nullable),
      ticket: plainOrNull(
        'Ticket',
        'The ticket it was for; null when it was for none.',
        (row) => ticketSql(`${row}.detail->'ticket'->>'id'`, `${row}.detail->'ticket'->>'system'`),
        isTicket,
      ),
      grantCount: value('Int', 'Grants that it asked for.', int('grants')),
      status: value(RequestStatus, 'What had become of it.', (row) => `coalesce(${row}.detail->>'status', 'APPROVED')`),
      startsAt: value('DateTime', 'When it was to open; null: as soon as it may.', text('startsAt'), nullable),
      decideBy: value(
        'DateTime',
        'When it was to lapse if nobody decided; null when nobody had to.',
        text('decideBy'),
        nullable,
      ),
      verdict: value(Verdict, 'What an approver said; null when none did.', text('verdict'), nullable),
      reason: value(
        'String',
        'Why, in the words of the approver, or of the gateway when it lapsed; null when not said.',
        text('reason'),
        nullable,
      ),
      counted: value(
        'Boolean',
        'False for a decision on what was decided before: it changed nothing.',
        (row) => `coalesce((${row}.detail->>'counted')::boolean, true)`,
      ),
    }),
    variant(
      'PolicyActivity',
      'A change of a policy, with what it said afterwards.',
      ['PolicyCreated', 'PolicyUpdated', 'PolicyDisabled'],
      {
        version: value('Int', 'The version of the policy.', int('version')),
        approvalRule: approvalField(
          'Who had to approve what was asked of a port without a rule of its own; null when nobody had to.',
          (row) => `${row}.detail->'approval'`,
        ),
        justificationRule: textRule('What was asked of a justification.', 'justification'),
        ticketRule: textRule('What was asked of the id of a ticket.', 'ticket'),
        ports: plainList(
          'RecordedPort',
          'The ports it protected.',
          (row) => elementsSql(`${row}.detail->'ports'`),
          (port) => `${port}.n`,
        ),
      },
    ),
    variant('BoundaryActivity', 'A write to a boundary, done or refused.', ['BoundaryWritten', 'BoundaryWriteFailed'], {
      added: value('String', 'Names of the rules that were put there.', texts('added'), list),
      removed: value('String', 'Names of the rules that were taken away.', texts('removed'), list),
      failure: plainOrNull('Failure', 'Why it was refused; null when it was done.', fault, isFailure),
      attempts: value('Int', 'Attempts that failed in a row; null when it was done.', int('attempts'), nullable),
    }),
    variant(
      'ExposureActivity',
      'A protected port found reachable through a foreign rule, or no longer so.',
      ['ExposureFound', 'ExposureCleared'],
      {
        port,
        protocol,
        ruleName: value(
          'String',
          'The foreign rule; null when no boundary stands on a path.',
          text('ruleName'),
          nullable,
        ),
      },
    ),
    variant('RoleActivity', 'A role assigned or removed.', ['RoleAssigned', 'RoleRemoved'], {
      role: value(RoleName, 'The role.', text('role')),
      principalKind: value(PrincipalKindEnum, 'To what kind of principal.', text('principalKind')),
      principalId: value('String', 'To whom, by the id at the identity provider.', text('principalId')),
      scope: value('String', 'Where.', text('scope')),
    }),
    variant('AccountActivity', 'An account came under management.', ['AccountRegistered'], { name }),
    variant(
      'VirtualMachineActivity',
      'A sync found a machine, or that it or its interfaces changed, or that it is gone.',
      ['VirtualMachineFound', 'VirtualMachineChanged', 'VirtualMachineGone'],
      { name },
    ),
  ],
})
