import { parseCursor } from '../../activity/cursor.ts'
import { badInput } from '../bad-input.ts'
import { builder } from '../builder.ts'
import { GrantEventFilterInput, readGrantEventFilter } from './grant-event-filter.ts'
import { GrantEvent, whoSeesEvents } from './grant-event.ts'
import { isGrantFact, maySee, type GrantFact } from './grant-fact.ts'
import { endError } from './live-end.ts'
import { liveSource, type LiveEnd, type LiveEvents } from './live-source.ts'

builder.subscriptionType({
  description:
    'What a viewer may watch, over WebSocket (graphql-transport-ws) or server-sent events. A subscription ends with ' +
    'the access token it was opened with.',
})

builder.subscriptionField('grantEvents', (t) =>
  t.field({
    type: GrantEvent,
    description:
      'Steps in the lives of grants as they are committed: in order, without gaps, each once. To lose nothing over a ' +
      'broken connection, subscribe again with `after` set to the last cursor seen. To begin with a state and go on ' +
      'from it, read `activity` first and take the cursor of its newest row. An error ends the stream: ' +
      '`UNAUTHENTICATED` when the access token has ended, `UNAVAILABLE` when the gateway cannot go on now. After ' +
      'either, subscribe again from the last cursor.',
    extensions: { authorisation: whoSeesEvents },
    args: {
      after: t.arg.string({
        description: 'Events behind this cursor, then new ones. Null: what is committed from now on.',
      }),
      filter: t.arg({ type: GrantEventFilterInput, description: 'Only events that meet all of this.' }),
    },
    subscribe: (_root, { after, filter }) => {
      const from = typeof after === 'string' ? parseCursor(after) : null
      if (from === null && typeof after === 'string')
        throw badInput('`after` is not a cursor of activity or of a grant event.')
      const { wants, mine } = readGrantEventFilter(filter ?? {})
      const events: LiveEvents = {
        after: from,
        wants: (fact) => isGrantFact(fact) && wants(fact),
        sees: (viewer, fact) =>
          isGrantFact(fact) && maySee(viewer, fact) && (!mine || fact.requesterId === viewer.actor.id),
      }
      return liveSource({ events }) as AsyncIterable<GrantFact | LiveEnd>
    },
    // The end of a stream is its last item, not a failure of the stream: so it reaches the client by every transport.
    resolve: (item) => {
      if (typeof item === 'string') throw endError(item)
      return item
    },
  }),
)
