import { actions } from '../../access/role.ts'
import { builder } from '../builder.ts'
import { RequestStatus } from '../enums.ts'
import type { Connection } from '../read/description.ts'
import { entity } from '../read/entity.ts'
import { column, instant, nullable, one, parts, plainOne, plainOrNull, value } from '../read/fields.ts'
import { placeOf, viewerId, within } from '../read/parameters.ts'
import { actorSql, isTicket, ticketSql } from '../read/sql.ts'
import { awaitsReview, viewerCanReview } from './break-glass-use.ts'
import './extension.ts'
import { grantPage } from './grant-page.ts'
import './plain.ts'
import { awaitedByViewer, awaitsDecision, decidedByViewer } from './request-deciders.ts'
import { requestedPorts } from './request-parts.ts'

const RequestKind = builder.enumType('RequestKind', {
  description: 'What a request asks for.',
  values: {
    ACCESS: { description: 'Ports of machines to be opened: it has grants of its own.' },
    EXTENSION: { description: 'A later end of a grant: `Request.extension` says of which.' },
  },
})

entity({
  name: 'Request',
  description:
    'One ask: for access to one or more ports of one or more virtual machines, or for a later end of one grant.',
  table: 'requests',
  key: { column: 'id', type: 'uuid' },
  authorisation: {
    rule:
      `Its requester, whoever may do ${actions.readGrant} at a virtual machine it asked for, and its approvers as long ` +
      'as it waits for them, or when they decided on it.',
    // The lists are made once for a statement, so that an index finds what is in them.
    where: (row, parameters) =>
      `(${row}.requester_id = ${viewerId(parameters)} or exists (select 1 from requested_ports p
        where p.request_id = ${row}.id and ${within(parameters, actions.readGrant, placeOf('p'))})
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
    kind: value(
      RequestKind,
      'What was asked for.',
      (row) => `case when exists (select from extensions x where x.request_id = ${row}.id)
        then 'EXTENSION' else 'ACCESS' end`,
    ),
    extension: one(
      'Extension',
      'What was asked of which grant; null unless it is an EXTENSION.',
      (row, extension) => `${extension}.request_id = ${row}.id`,
    ),
    breakGlass: one(
      'BreakGlassUse',
      'What it went past and what was found of it; null unless it was made by break-glass.',
      (row, use) => `${use}.request_id = ${row}.id`,
    ),
    viewerCanReview: value('Boolean', 'Whether the viewer may review it now, as one by break-glass.', viewerCanReview),
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
      'Its grants, as far as the viewer may see them; an EXTENSION has none of its own.',
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
        and exists (select from requested_ports p where p.request_id = ${row}.id
          and (p.state = 'SCHEDULED' or p.waits and ${row}.status = 'PENDING_APPROVAL')))`,
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
    awaitsReview: t.boolean({ description: 'True: only those by break-glass that nobody has reviewed.' }),
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
        ...(filter.shape('awaitsReview') === true ? [awaitsReview(row)] : []),
        ...(filter.shape('mine') === true ? [`${row}.requester_id = ${viewerId(parameters)}`] : []),
        ...(filter.shape('awaitingMe') === true ? [awaitsDecision(row, parameters)] : []),
      ]
    },
  },
}
