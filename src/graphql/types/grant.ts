import { actions } from '../../access/role.ts'
import { EndReason, EnforcementStatus, GrantState, Protocol } from '../enums.ts'
import { entity, part } from '../read/entity.ts'
import { column, instant, list, nullable, one, parts, plainList, plainOne, plainOrNull, value } from '../read/fields.ts'
import { placeOf, viewerId, within } from '../read/parameters.ts'
import { actorSql, elementsSql, failureSql, isFailure } from '../read/sql.ts'
import { activityPage } from './activity-page.ts'
import { connectionSql } from './connection-details.ts'
import { extensions, offerSql } from './extension.ts'
import './plain.ts'
import { approvalsGiven } from './request-deciders.ts'

part({
  name: 'Enforcement',
  description: 'What a boundary was last observed to show for a grant. Decided state is in `Grant.state`, never here.',
  table: 'enforcements',
  authorisation: { rule: 'Visible with its grant.', where: () => 'true' },
  fields: {
    boundary: one(
      'Boundary',
      'The boundary; null when the viewer may not see it.',
      (row, boundary) => `${boundary}.id = ${row}.boundary_id`,
    ),
    status: column(EnforcementStatus, 'What was observed.', 'status'),
    ruleName: column('String', 'The rule that stands for it there; null when none does.', 'rule_name', nullable),
    observedAt: instant('When it was read; null until it was.', 'observed_at', nullable),
  },
})

/** Who asked for the grant `row`. */
export function requesterSql(row: string): string {
  const kind = `(select r.requester_kind from requests r where r.id = ${row}.request_id)`
  return actorSql(kind, `${row}.requester_id`, `${row}.requester_name`)
}

/** Since when a grant that is CLOSING should have been closed. */
const overSince = (row: string) => `least(${row}.ends_at, ${row}.closing_at)`
const isUnended = (row: string) => `${row}.state in ('PENDING_APPROVAL', 'SCHEDULED', 'OPENING', 'ACTIVE')`

entity({
  name: 'Grant',
  description: 'The right to one port of one virtual machine, from given sources, for a window.',
  table: 'grants',
  key: { column: 'id', type: 'uuid' },
  authorisation: {
    rule: `Its requester, and whoever may do ${actions.readGrant} at the virtual machine.`,
    where: (row, parameters) =>
      `(${row}.requester_id = ${viewerId(parameters)} or ${within(parameters, actions.readGrant, placeOf(row))})`,
  },
  fields: {
    state: column(GrantState, 'What was decided and proven of it.', 'state'),
    port: column('Int', '1 to 65535.', 'port'),
    protocol: column(Protocol, 'What the port speaks.', 'protocol'),
    sources: column('CIDR', 'Where from it can be reached.', 'sources', list),
    requestedAt: instant('When it was asked for.', 'requested_at'),
    duration: column(
      'Duration',
      'Length of a window that begins when the port is proven open; null when an absolute end was asked for.',
      'duration_seconds',
      nullable,
    ),
    startsAt: instant('When it opens; null: as soon as it may.', 'starts_at', nullable),
    approvalsNeeded: column(
      'Int',
      'How many have to approve it before it opens; 0: nobody has to.',
      'approvals_needed',
    ),
    approvalsGiven: value('Int', 'How many approved it.', approvalsGiven),
    refusals: plainList(
      'Refusal',
      'What failed when it was evaluated again before it opened; empty unless it was closed for that.',
      (row) => elementsSql(`${row}.refusals`),
      (refusal) => `${refusal}.n`,
    ),
    endsAt: instant('End of the window; null while it has not begun.', 'ends_at', nullable),
    activatedAt: instant('When the port was proven open; null until then.', 'activated_at', nullable),
    closingAt: instant('When it ended and closing began; null until then.', 'closing_at', nullable),
    closedAt: instant(
      'When the port was proven closed, or the grant ended unopened; null until then.',
      'closed_at',
      nullable,
    ),
    endReason: column(EndReason, 'Why it ended; null until then.', 'end_reason', nullable),
    closeAttempts: column('Int', 'Attempts to close that failed so far.', 'close_attempts'),
    lastCloseError: column('String', 'What the last of them met; null when none failed.', 'last_close_error', nullable),
    overdueBy: value(
      'Duration',
      'How long it has been open beyond its end; null unless it is CLOSING.',
      (row) => `case when ${row}.state = 'CLOSING' then
        greatest(0, floor(extract(epoch from gateway_now() - ${overSince(row)})))::int end`,
      nullable,
    ),
    failure: plainOrNull(
      'Failure',
      'Why it could not be opened; null when it could, or was not yet tried.',
      (row) => failureSql(`${row}.fault_code`, `${row}.fault_message`),
      isFailure,
    ),
    connection: plainOrNull(
      'ConnectionDetails',
      'Where to connect to, with a line that does; null unless it is ACTIVE.',
      connectionSql,
      (details) => `${details}.address is not null`,
    ),
    drifted: column('Boolean', 'Whether somebody else changed a rule of it, which was put back.', 'drifted'),
    breakGlass: column('Boolean', 'Whether it was asked for by break-glass.', 'break_glass'),
    requester: plainOne('Actor', 'Who asked for it.', requesterSql),
    virtualMachine: one(
      'VirtualMachine',
      'The machine; null when the viewer may not see it.',
      (row, vm) => `${vm}.id = ${row}.vm_id`,
    ),
    request: one(
      'Request',
      'The request it came from; null when the viewer may not see it.',
      (row, request) => `${request}.id = ${row}.request_id`,
    ),
    enforcements: parts(
      'Enforcement',
      'What each boundary on the path was last observed to show.',
      (row, enforcement) => `${enforcement}.grant_id = ${row}.id`,
      (enforcement) => `${enforcement}.boundary_id`,
    ),
    extendedAt: instant('When it was last given a later end; null when it never was.', 'extended_at', nullable),
    extension: plainOrNull(
      'ExtensionOffer',
      'How far its holder can extend it now, as the policy of the machine stands; null when it cannot be extended.',
      offerSql,
      (made) => `${made}.longest is not null`,
    ),
    extensions,
    activity: activityPage('What happened to it.', (row, fact) => `${fact}.grant_id = ${row}.id`),
    viewerCanExtend: value(
      'Boolean',
      'Whether the viewer holds it and can ask for a later end now.',
      (row, parameters) => `(${row}.requester_id = ${viewerId(parameters)}
        and ${within(parameters, actions.requestAccess, placeOf(row))}
        and exists (select from ${offerSql(row)} e where e.longest is not null))`,
    ),
    viewerCanRelease: value(
      'Boolean',
      'Whether the viewer holds it and can end it now.',
      (row, parameters) => `(${isUnended(row)} and ${row}.requester_id = ${viewerId(parameters)})`,
    ),
    viewerCanRevoke: value(
      'Boolean',
      'Whether the viewer may end it now, whoever holds it.',
      (row, parameters) => `(${isUnended(row)} and ${within(parameters, actions.revokeGrant, placeOf(row))})`,
    ),
  },
})
