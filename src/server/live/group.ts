import type { Activity } from '../../activity/activity.ts'
import { encodeCursor } from '../../activity/cursor.ts'
import type { LiveOperation } from './live-operation.ts'
import type { LiveEvents } from '../../graphql/events/live-source.ts'
import type { Member } from './member.ts'
import type { AnyGroup } from './membership.ts'
import type { Result } from './result.ts'
import type { Standing } from './standing.ts'

/** One subscription to events. */
export type EventMember = Member<Group>

/** A result that waits to be sent, and the event it shows. */
export interface Pending {
  readonly fact: Activity
  readonly result: Result
}

/** The subscriptions of one principal in a group: they are sent the same, each in its own frame. */
export interface Audience {
  readonly standing: Standing
  /** Those that keep up; whoever does not is served from the log. */
  readonly members: Set<EventMember>
  /** What they are sent with the next flush, each with the event it shows. */
  pending: Pending[]
}

/** The subscriptions with the same document and variables: an event is executed and serialised once for all of them. */
export interface Group extends AnyGroup {
  readonly events: LiveEvents
  readonly audiences: Map<Standing, Audience>
  /** Results of the last events, by event and (where it matters) viewer. */
  readonly results: Map<string, Result | Promise<Result>>
}

/** Results kept, for those who are served from the log and for viewers that the same result may be shown. */
const MOST_RESULTS = 500

export function createGroup(operation: LiveOperation, events: LiveEvents): Group {
  return { operation, events, audiences: new Map(), size: 0, results: new Map() }
}

/** The audience of a principal in a group. */
export function audienceOf({ audiences }: Group, standing: Standing): Audience {
  const known = audiences.get(standing)
  if (known !== undefined) return known
  const audience: Audience = { standing, members: new Set(), pending: [] }
  audiences.set(standing, audience)
  return audience
}

/** Takes a member out of its audience, and the audience out of the group when nobody is left in it. */
export function leaveAudience(member: EventMember): void {
  const { audiences } = member.group
  const audience = audiences.get(member.standing)
  audience?.members.delete(member)
  if (audience?.members.size === 0) audiences.delete(member.standing)
}

/** Whether an event is one that `standing` is sent in a group. */
export function isFor({ events }: Group, standing: Standing, fact: Activity): boolean {
  return events.wants(fact) && events.sees(standing.viewer, fact)
}

/** The result of an event, executed when it is not known. */
export function resultOf(group: Group, standing: Standing, fact: Activity): Result | Promise<Result> {
  const { operation, results } = group
  const key = `${encodeCursor(fact.cursor)} ${operation.perViewer ? JSON.stringify([standing.key, standing.viewer.rolesHeld]) : ''}`
  const known = results.get(key)
  if (known !== undefined) return known
  const made = operation.run(fact, standing.viewer)
  results.set(key, made)
  if (made instanceof Promise)
    void made.then((result) => {
      if (results.has(key)) results.set(key, result)
    })
  if (results.size > MOST_RESULTS) results.delete(results.keys().next().value as string)
  return made
}
