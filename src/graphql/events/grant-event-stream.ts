import { grantFactKinds, type GrantFactKind } from '../../access/facts.ts'
import { actions } from '../../access/role.ts'
import { may, type Viewer } from '../../access/viewer.ts'
import type { Activity, Cursor } from '../../activity/activity.ts'
import { describeError } from '../../log/describe-error.ts'
import type { Clock } from '../../time/clock.ts'
import type { GatewayContext } from '../context.ts'
import type { GrantEventFilter } from './grant-event-filter.ts'

/** A fact of a grant's life, as the log holds it: all that an event shows without another read. */
export interface GrantFact extends Activity<GrantFactKind> {
  readonly grantId: string
  readonly vmId: string
  readonly requesterId: string
}

/** Why a stream of events ended before its reader went. */
export type StreamEnd = 'AUTHENTICATION_EXPIRED' | 'LOG_UNAVAILABLE'

/**
 * The grant events a viewer may see and asked for, after `after` (null: from now on), until the reader calls `return`.
 * Every event is judged by the roles held when it passes: a role that changes is a fact of the same log, so whatever
 * follows it is judged by roles read after it. A stream that cannot go on says why in its last item.
 *
 * Not a plain generator: `return` on one waits for the row in hand, which on a quiet log never comes. Here it aborts
 * the feed first, so that a client that goes leaves nothing behind.
 */
export function grantEventStream(
  context: GatewayContext,
  after: Cursor | null,
  filter: GrantEventFilter,
): AsyncIterableIterator<GrantFact | StreamEnd> {
  const gone = new AbortController()
  const wanted = (row: Activity) => isRoleFact(row) || (isGrantFact(row) && filter(row))
  // Begun here, not at the first `next`: what is committed once the client is subscribed must not be missed.
  const items = judged(context, context.feed.read(after, wanted, gone.signal), gone)
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    next: () => items.next(),
    return() {
      gone.abort()
      return items.return(undefined)
    },
    throw(error: unknown) {
      gone.abort()
      return items.throw(error)
    },
  }
}

async function* judged(
  context: GatewayContext,
  rows: AsyncGenerator<Activity>,
  gone: AbortController,
): AsyncGenerator<GrantFact | StreamEnd, undefined> {
  const expired = () => context.clock.now() >= context.authenticatedUntil
  const disarm = atMoment(context.clock, context.authenticatedUntil, () => {
    gone.abort()
  })
  // Roles may have changed between the making of the context and the feed's first row: read them at the first event.
  let rolesStale = true
  try {
    for await (const row of rows) {
      if (expired()) break
      if (isRoleFact(row)) {
        rolesStale = true
        continue
      }
      if (rolesStale) {
        context.viewer = await context.reloadViewer()
        rolesStale = false
      }
      if (isGrantFact(row) && maySee(context.viewer, row)) yield row
    }
    if (expired()) yield 'AUTHENTICATION_EXPIRED'
  } catch (error) {
    if (expired()) yield 'AUTHENTICATION_EXPIRED'
    else if (!gone.signal.aborted) {
      context.log.warn({ error: describeError(error) }, 'a stream of grant events cannot go on')
      yield 'LOG_UNAVAILABLE'
    }
  } finally {
    disarm()
    gone.abort()
  }
}

/** Own grants always; those of others where the viewer may read grants. */
function maySee(viewer: Viewer, fact: GrantFact): boolean {
  return fact.requesterId === viewer.actor.id || may(viewer, actions.readGrant, fact.vmId)
}

function isRoleFact(row: Activity): boolean {
  return row.kind === 'RoleAssigned' || row.kind === 'RoleRemoved'
}

/** A fact that does not say whose grant it is about, or where, cannot be authorised: it is none. */
function isGrantFact(row: Activity): row is GrantFact {
  const { grantId, vmId, requesterId } = row
  return kinds.has(row.kind) && grantId !== null && vmId !== null && requesterId !== null
}

const kinds: ReadonlySet<string> = new Set(grantFactKinds)

/** Runs once at a moment of `clock`, however far off; the answer cancels it. */
function atMoment(clock: Clock, moment: number, run: () => void): () => void {
  let cancel = () => {}
  const arm = () => {
    // A timer may fire early: a platform keeps no delay longer than some weeks.
    cancel = clock.after(moment - clock.now(), () => {
      if (clock.now() >= moment) run()
      else arm()
    })
  }
  arm()
  return () => {
    cancel()
  }
}
