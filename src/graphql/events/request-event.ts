import type { RequestFactKind } from '../../access/fact-kinds.ts'
import { actions } from '../../access/role.ts'
import { encodeCursor } from '../../activity/cursor.ts'
import { builder } from '../builder.ts'
import { RequestStatus, Verdict } from '../enums.ts'
import { globalId } from '../global-id.ts'
import { entityField } from '../read/entity-field.ts'
import { Actor, Ticket } from '../types/plain.ts'
import type { RequestFact } from './request-fact.ts'

const kind = (value: RequestFactKind, description: string) => ({ value, description })

/** The kinds of activity that are about requests, under the names they have there. */
export const RequestEventKind = builder.enumType('RequestEventKind', {
  description: 'What became of a request: the kinds of `ActivityKind` that are about requests.',
  values: {
    ACCESS_REQUESTED: kind('AccessRequested', 'Somebody asked for access.'),
    APPROVAL_DECIDED: kind('ApprovalDecided', 'An approver decided on it, be it in time or too late.'),
    REQUEST_APPROVED: kind('RequestApproved', 'It has the approvals it needs.'),
    REQUEST_DENIED: kind('RequestDenied', 'An approver denied it.'),
    REQUEST_WITHDRAWN: kind('RequestWithdrawn', 'Its requester took it back.'),
    REQUEST_LAPSED: kind('RequestLapsed', 'Nobody decided in time, or nothing was left to decide.'),
  } satisfies Record<string, { value: RequestFactKind; description: string }>,
})

/** Who is sent an event, for the type and the field that answers it. */
export const whoSeesRequestEvents =
  'Every event is sent to whoever asked for access, to its approvers as long as it waited for them or when they decided ' +
  `on it, and to whoever may do ${actions.readGrant} at a machine it asked for, by the roles held at that moment.`

export const RequestEvent = builder.objectRef<RequestFact>('RequestEvent')
RequestEvent.implement({
  description:
    'What became of a request, as it was then. Only `request` is read anew, at the cost of a read: leave it out where ' +
    'the event says enough.',
  extensions: { authorisation: whoSeesRequestEvents },
  fields: (t) => ({
    cursor: t.string({
      description: 'Its place in the log, opaque: `after` of the subscription and of `activity` goes on from it.',
      resolve: ({ cursor }) => encodeCursor(cursor),
    }),
    at: t.expose('at', { type: 'DateTime', description: 'When it was recorded.' }),
    kind: t.expose('kind', { type: RequestEventKind, description: 'What happened.' }),
    actor: t.expose('actor', { type: Actor, description: 'Who did it; the gateway itself when it lapsed.' }),
    requestId: t.id({
      description: 'The id of the request.',
      resolve: ({ requestId }) => globalId('Request', requestId),
    }),
    requesterId: t.exposeString('requesterId', { description: 'Who asked, by `Actor.id`.' }),
    status: t.field({
      type: RequestStatus,
      description: 'What had become of it.',
      resolve: ({ detail }) => detail.status,
    }),
    justification: t.string({
      nullable: true,
      description: 'Why it was asked; null when not said.',
      resolve: ({ detail }) => detail.justification,
    }),
    ticket: t.field({
      type: Ticket,
      nullable: true,
      description: 'The ticket it is for; null when it is for none.',
      resolve: ({ detail }) => detail.ticket,
    }),
    grantCount: t.int({ description: 'Grants that it asked for.', resolve: ({ detail }) => detail.grants }),
    extendedGrantId: t.id({
      nullable: true,
      description: 'The grant of which it asks for a later end; null when it asks for grants of its own.',
      resolve: ({ detail }) => (detail.extends ? globalId('Grant', detail.extends) : null),
    }),
    startsAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When its grants are to open; null: as soon as they may.',
      resolve: ({ detail }) => detail.startsAt,
    }),
    decideBy: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When it lapses if nobody decides; null when nobody has to.',
      resolve: ({ detail }) => detail.decideBy,
    }),
    verdict: t.field({
      type: Verdict,
      nullable: true,
      description: 'What an approver said; null when none did.',
      resolve: ({ detail }) => detail.verdict,
    }),
    reason: t.string({
      nullable: true,
      description: 'Why, in the words of the approver, or of the gateway when it lapsed; null when not said.',
      resolve: ({ detail }) => detail.reason,
    }),
    counted: t.boolean({
      description: 'False for a decision on what was decided before: it changed nothing.',
      resolve: ({ detail }) => detail.counted,
    }),
    request: entityField(
      t,
      'Request',
      ({ requestId }) => requestId,
      'The request as it is now, which may be later than the event; null when the viewer may no longer see it.',
    ),
  }),
})
