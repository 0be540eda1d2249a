import type { Viewer } from '../../access/viewer.ts'
import type { LiveList, ListUpdate } from '../../graphql/events/live-list.ts'
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
  /** Ids of what the list holds, as far as it was sent to anybody. */
  readonly held: Set<string>
  /** Things that changed and were not yet sent. */
  readonly changed: Set<string>
  /** Parts of the whole list as they are now, by where they begin: whoever comes at the same time is sent the same. */
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

/** Things in one part, and changes in one update. */
export const PART_SIZE = 200
/** Parts kept; whoever comes later than others has the rest read anew. */
const MOST_PARTS = 10

export function listAudienceOf(group: ListGroup, standing: Standing): ListAudience {
  const known = group.audiences.get(standing)
  if (known !== undefined) return known
  const { viewer } = standing
  const audience: ListAudience = {
    group,
    standing,
    viewer,
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

/** The part of the list behind `after`. */
export function partOf(audience: ListAudience, after: string | null): Promise<Part> {
  const { parts } = audience
  const known = parts.get(after)
  if (known !== undefined) return known
  const made = readPart(audience, after)
  parts.set(after, made)
  if (parts.size > MOST_PARTS) parts.delete(parts.keys().next().value as string | null)
  return made
}

async function readPart({ group, held, viewer }: ListAudience, after: string | null): Promise<Part> {
  const ids = await group.list.page(viewer, after, PART_SIZE)
  for (const id of ids) held.add(id)
  const complete = ids.length < PART_SIZE
  const update: ListUpdate = { restarts: after === null, complete, ids, removedIds: [] }
  return { result: await group.operation.run(update, viewer), next: complete ? null : (ids.at(-1) ?? null) }
}

/**
 * What became of things that changed: those in the list as they are now, and those that are not in it; null when there
 * are none of either. Of the latter only those that were in it, unless `all` are asked for.
 */
export async function changesOf(
  { group, held, viewer }: ListAudience,
  changed: readonly string[],
  all: boolean,
): Promise<Result | null> {
  const ids = await group.list.among(viewer, changed)
  const listed = new Set(ids)
  const removedIds = changed.filter((id) => !listed.has(id) && (all || held.has(id)))
  for (const id of ids) held.add(id)
  for (const id of removedIds) held.delete(id)
  if (ids.length + removedIds.length === 0) return null
  return group.operation.run({ restarts: false, complete: true, ids, removedIds } satisfies ListUpdate, viewer)
}
