import { scopeContains } from '../../access/scope.ts'
import type { Viewer } from '../../access/viewer.ts'
import { parseCursor } from '../../activity/cursor.ts'
import { badInput } from '../bad-input.ts'
import { builder } from '../builder.ts'
import { readIds, readScope } from '../ids.ts'
import { endError } from './live-end.ts'
import { liveSource, type LiveEnd, type LiveEvents } from './live-source.ts'
import { RequestEvent, RequestEventKind, whoSeesRequestEvents } from './request-event.ts'
import { awaited, isRequestFact, maySee, maySeeAt, type RequestFact } from './request-fact.ts'

const RequestEventFilter = builder.inputType('RequestEventFilter', {
  description: 'Narrows events: every part that is given must hold. An empty list holds for no event.',
  fields: (t) => ({
    kinds: t.field({ type: [RequestEventKind], description: 'Of any of these kinds.' }),
    requests: t.idList({ description: 'About any of these requests: at most 100.' }),
    requesterIds: t.stringList({ description: 'About requests of any of these actors, by `Actor.id`.' }),
    mine: t.boolean({ description: 'True: only about requests of the viewer.' }),
    awaitingMe: t.boolean({
      description:
        'True: only about requests that wait for a decision of the viewer, or waited for one until this event. What ' +
        'begins with `ACCESS_REQUESTED` ends with a decision, of whomever, or with a lapse or a withdrawal.',
    }),
    scope: t.string({
      description:
        'About a machine at or below this scope that the viewer may know of: `/`, `/subscriptions/{id}`, a resource ' +
        'group of it, or the resource id of a machine.',
    }),
  }),
})

/** Which facts a filter asks for, whoever asks; refuses, as bad input, ids that cannot be. */
function wantedBy(asked: typeof RequestEventFilter.$inferInput): (fact: RequestFact) => boolean {
  const parts: ((fact: RequestFact) => boolean)[] = []
  const among = <Value>(values: readonly Value[] | null | undefined, of: (fact: RequestFact) => Value) => {
    if (values === null || values === undefined) return
    const wanted = new Set(values)
    parts.push((fact) => wanted.has(of(fact)))
  }
  among(asked.kinds, (fact) => fact.kind)
  among(asked.requests && readIds('Request')(asked.requests), (fact) => fact.requestId)
  among(asked.requesterIds, (fact) => fact.requesterId)
  return (fact) => parts.every((holds) => holds(fact))
}

builder.subscriptionField('requestEvents', (t) =>
  t.field({
    type: RequestEvent,
    description:
      'What becomes of requests, as it is committed: in order, without gaps, each once. An approver who reads ' +
      '`requests(filter: { awaitingMe: true })` and goes on from the cursor of the newest `activity` misses nothing. ' +
      'Broken connections and the end of a stream are as for `grantEvents`.',
    extensions: { authorisation: whoSeesRequestEvents },
    args: {
      after: t.arg.string({
        description: 'Events behind this cursor, then new ones. Null: what is committed from now on.',
      }),
      filter: t.arg({ type: RequestEventFilter, description: 'Only events that meet all of this.' }),
    },
    subscribe: (_root, { after, filter }) => {
      const from = typeof after === 'string' ? parseCursor(after) : null
      if (from === null && typeof after === 'string')
        throw badInput('`after` is not a cursor of activity or of an event.')
      const wants = wantedBy(filter ?? {})
      const { mine, awaitingMe } = filter ?? {}
      const scope = typeof filter?.scope === 'string' ? readScope(filter.scope) : null
      const inScope = (viewer: Viewer, fact: RequestFact) =>
        scope === null || fact.detail.vmIds.some((vmId) => scopeContains(scope, vmId) && maySeeAt(viewer, fact, vmId))
      const events: LiveEvents = {
        after: from,
        wants: (fact) => isRequestFact(fact) && wants(fact),
        sees: (viewer, fact) =>
          isRequestFact(fact) &&
          maySee(viewer, fact) &&
          (mine !== true || fact.requesterId === viewer.actor.id) &&
          (awaitingMe !== true || awaited(viewer, fact)) &&
          inScope(viewer, fact),
      }
      return liveSource({ events }) as AsyncIterable<RequestFact | LiveEnd>
    },
    resolve: (item) => {
      if (typeof item === 'string') throw endError(item)
      return item
    },
  }),
)
