import { actions } from '../../access/role.ts'
import { builder } from '../builder.ts'
import { RequestStatus } from '../enums.ts'
import type { Connection } from '../read/description.ts'
import { entity } from '../read/entity.ts'
import { column, instant, nullable, parts, plainOne, plainOrNull, value } from '../read/fields.ts'
import { placeOf, viewerId, within } from '../read/parameters.ts'
import { actorSql, isTicket, ticketSql } from '../read/sql.ts'
import { grantPage } from './grant-page.ts'
import './plain.ts'
import { awaitedByViewer, awaitsDecision, decidedByViewer } from './request-deciders.ts'
import { requestedPorts } from './request-parts.ts'

entity({
  name: 'Request',
  description: 'One ask for access, to one or more ports of one or more virtual machines.',
  table: 'requests',
  key: { column: 'id', type: 'uuid' },
  authorisation: {
    rule:
      `Its requester, whoever may do ${actions.readGrant} at a virtual machine it asked for, and its approvers as long ` +
      'as it waits for them, or when they decided on it.',
    // The lists are made once for a statement, so that an index finds what is in them.
    where: (row, parameters) =>
      `(${row}.requester_id = ${viewerId(parameters)} or exists (select 1 from grants g
        where g.request_id = ${row}.id and ${within(parameters, actions.readGrant, placeOf('g'))})
        or ${row}.id = any(array(${awaitedByViewer(parameters)}))
        or ${row}.id = any(array(${decidedByViewer(parameters)})))`,
  },
  fields: {
    requester: plainOne('Actor', 'Who asked.', (row) =>
      actorSql(`${row}.requester_kind`, `${row}.requester_id`, `${row}.requester_name`),
    ),
    justification: column(
      'String',
      'Why, in the words of the requester; null when not given.',
      'justification',
      nullable,
    ),
    ticket: plainOrNull(
      'Ticket',
      'The ticket it is for; null when it is for none.',
      (row) => ticketSql(`${row}.ticket_id`, `${row}.ticket_system`),
      isTicket,
    ),
    status: column(RequestStatus, 'What became of it.', 'status'),
    requestedAt: instant('When it was asked.', 'requested_at'),
    startsAt: instant('When its grants are to open; null: as soon as they may.', 'starts_at', nullable),
    decidedAt: instant('When it was decided; null until then.', 'decided_at', nullable),
    decideBy: instant('When it lapses if nobody decides; null when nobody had to.', 'decide_by', nullable),
    decisions: parts(
      'Decision',
      'What approvers said while it counted, the first one first.',
      (row, decision) => `${decision}.request_id = ${row}.id`,
      (decision) => `${decision}.decided_at, ${decision}.actor_id`,
    ),
    ports: requestedPorts,
    grants: grantPage(
      'Its grants, as far as the viewer may see them.',
      (row, grant) => `${grant}.request_id = ${row}.id`,
    ),
    viewerCanDecide: value(
      'Boolean',
      'Whether it waits for a decision of the viewer, who has not decided on it yet.',
      awaitsDecision,
    ),
    viewerCanWithdraw: value(
      'Boolean',
      'Whether the viewer asked for it and can take it back now.',
      (
        row,
        parameters,
      ) => `(${row}.requester_id = ${viewerId(parameters)} and ${row}.status in ('PENDING_APPROVAL', 'APPROVED')
        and exists (select from grants g where g.request_id = ${row}.id and g.state in ('PENDING_APPROVAL', 'SCHEDULED')))`,
    ),
  },
})

const RequestFilter = builder.inputType('RequestFilter', {
  description: 'Narrows requests: every part that is given must hold.',
  fields: (t) => ({
    statuses: t.field({ type: [RequestStatus], description: 'Of any of these statuses.' }),
    requesterIds: t.stringList({ description: 'By any of these actors, by `Actor.id`.' }),
    mine: t.boolean({ description: 'Only those of the viewer.' }),
    awaitingMe: t.boolean({ description: 'Only those that wait for a decision of the viewer.' }),
  }),
})

/** Requests, the newest first. */
export const requestPage: Connection = {
  kind: 'connection',
  of: 'Request',
  description: 'Requests, the newest first.',
  on: () => 'true',
  orders: [
    {
      name: 'NEWEST_FIRST',
      description: 'By the time of asking, the newest first.',
      direction: 'desc',
      keys: [{ type: 'uuid', sql: (row) => `${row}.id` }],
    },
  ],
  filter: {
    input: RequestFilter,
    where(row, filter, parameters) {
      const statuses = filter.bind('statuses', 'request_status[]')
      const requesters = filter.bind('requesterIds', 'text[]')
      return [
        ...(statuses === undefined ? [] : [`${row}.status = any(${statuses})`]),
        ...(requesters === undefined ? [] : [`${row}.requester_id = any(${requesters})`]),
        ...(filter.shape('mine') === true ? [`${row}.requester_id = ${viewerId(parameters)}`] : []),
        ...(filter.shape('awaitingMe') === true ? [awaitsDecision(row, parameters)] : []),
      ]
    },
  },
}
