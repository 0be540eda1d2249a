import type { Viewer } from '../../access/viewer.ts'
import type { LiveList } from '../../graphql/events/live-list.ts'
import type { Member } from './member.ts'
import type { AnyGroup } from './membership.ts'
import type { Result } from './result.ts'
import type { Standing } from './standing.ts'

/** The subscriptions to one list. */
export interface ListGroup extends AnyGroup {
  readonly list: LiveList
  readonly audiences: Map<Standing, ListAudience>
}

/** One subscription to a list. */
export type ListMember = Member<ListGroup>

/** What a member lacks that is not yet up with the others. */
export interface Lack {
  /** It has to be sent the list from its beginning. */
  whole: boolean
  /** Things that changed while it was not up with the others. */
  readonly missed: Set<string>
}

/** The subscriptions of one principal to a list: the same for all of them. */
export interface ListAudience {
  readonly group: ListGroup
  readonly standing: Standing
  /** By whose roles it was sent what it has. */
  viewer: Viewer
  /** Those who have what the list holds, but for what changed just now. */
  readonly current: Set<ListMember>
  readonly behind: Map<ListMember, Lack>
  /** Ids of what those who are current were sent as being in the list. */
  readonly held: Set<string>
  /** Things that changed and were not yet sent. */
  readonly changed: Set<string>
  /** Parts of the whole list that are being read, by where they begin: whoever asks meanwhile is sent the same. */
  readonly parts: Map<string | null, Promise<Part>>
  /** Whether changes are being sent. */
  sending: boolean
}

/** A part of a whole list. */
export interface Part {
  readonly result: Result
  /** Where the next part begins; null after the last. */
  readonly next: string | null
}

/** Changes that a reader may miss; one that missed more is sent the list from its beginning. */
const MOST_MISSED = 2_000

/** The audience of a principal in a group. */
export function listAudienceOf(group: ListGroup, standing: Standing): ListAudience {
  const known = group.audiences.get(standing)
  if (known !== undefined) return known
  const audience: ListAudience = {
    group,
    standing,
    viewer: standing.viewer,
    current: new Set(),
    behind: new Map(),
    held: new Set(),
    changed: new Set(),
    parts: new Map(),
    sending: false,
  }
  group.audiences.set(standing, audience)
  return audience
}

/** Takes a member out of its audience, and the audience out of the group when nobody is left in it. */
export function leaveListAudience(member: ListMember): void {
  const { audiences } = member.group
  const audience = audiences.get(member.standing)
  audience?.current.delete(member)
  audience?.behind.delete(member)
  if (audience !== undefined && isEmpty(audience)) audiences.delete(member.standing)
}

export function isEmpty({ current, behind }: ListAudience): boolean {
  return current.size + behind.size === 0
}

/** Notes a change for a member that is not up with the others. */
export function miss(lack: Lack, id: string): void {
  lack.missed.add(id)
  if (lack.missed.size <= MOST_MISSED) return
  lack.missed.clear()
  lack.whole = true
}
