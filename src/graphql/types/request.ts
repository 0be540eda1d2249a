import { actions } from '../../access/role.ts'
import { builder } from '../builder.ts'
import { RequestStatus } from '../enums.ts'
import type { Connection } from '../read/description.ts'
import { entity } from '../read/entity.ts'
import { column, instant, nullable, plainOne } from '../read/fields.ts'
import { placeOf, viewerId, within } from '../read/parameters.ts'
import { actorSql } from '../read/sql.ts'
import { grantPage } from './grant-page.ts'
import './plain.ts'

entity({
  name: 'Request',
  description: 'One ask for access, to one or more ports of one or more virtual machines.',
  table: 'requests',
  key: { column: 'id', type: 'uuid' },
  authorisation: {
    rule: `Its requester, and whoever may do ${actions.readGrant} at a virtual machine it asked for.`,
    where: (row, parameters) =>
      `(${row}.requester_id = ${viewerId(parameters)} or exists (select 1 from grants g
        where g.request_id = ${row}.id and ${within(parameters, actions.readGrant, placeOf('g'))}))`,
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
    status: column(RequestStatus, 'What became of it.', 'status'),
    requestedAt: instant('When it was asked.', 'requested_at'),
    decidedAt: instant('When it was decided; null until then.', 'decided_at', nullable),
    grants: grantPage(
      'Its grants, as far as the viewer may see them.',
      (row, grant) => `${grant}.request_id = ${row}.id`,
    ),
  },
})

const RequestFilter = builder.inputType('RequestFilter', {
  description: 'Narrows requests: every part that is given must hold.',
  fields: (t) => ({
    statuses: t.field({ type: [RequestStatus], description: 'Of any of these statuses.' }),
    requesterIds: t.stringList({ description: 'By any of these actors, by `Actor.id`.' }),
    mine: t.boolean({ description: 'Only those of the viewer.' }),
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
      ]
    },
  },
}
