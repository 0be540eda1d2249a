import { LIST_PART, type ListUpdate } from '../../graphql/events/live-list.ts'
import type { ListAudience, Part } from './list-group.ts'
import type { Result } from './result.ts'

/** The part of the list behind `after`, read once for all who ask for it at the same time. */
export function partOf(audience: ListAudience, after: string | null): Promise<Part> {
  const { parts } = audience
  const known = parts.get(after)
  if (known !== undefined) return known
  const made = readPart(audience, after).finally(() => {
    if (parts.get(after) === made) parts.delete(after)
  })
  parts.set(after, made)
  return made
}

async function readPart({ group, held, viewer }: ListAudience, after: string | null): Promise<Part> {
  const ids = await group.list.page(viewer, after, LIST_PART)
  const complete = ids.length < LIST_PART
  const update: ListUpdate = { restarts: after === null, complete, ids, removedIds: [] }
  const result = await group.operation.run(update, viewer)
  for (const id of ids) held.add(id)
  return { result, next: complete ? null : (ids.at(-1) ?? null) }
}

/** What became of things that changed, for those who are current; null when it is nothing to them. */
export async function changesOf(audience: ListAudience, changed: readonly string[]): Promise<Result | null> {
  const { held } = audience
  const ids = await audience.group.list.among(audience.viewer, changed)
  const gone = goneOf(changed, ids).filter((id) => held.has(id))
  for (const id of ids) held.add(id)
  for (const id of gone) held.delete(id)
  return updateOf(audience, ids, gone)
}

/**
 * The same for one that was not up with them: what was in the list when it last heard of it is not known, so all that is
 * not in it now is named.
 */
export async function missedOf(audience: ListAudience, missed: readonly string[]): Promise<Result | null> {
  const ids = await audience.group.list.among(audience.viewer, missed)
  for (const id of ids) audience.held.add(id)
  return updateOf(audience, ids, goneOf(missed, ids))
}

function goneOf(changed: readonly string[], ids: readonly string[]): string[] {
  const listed = new Set(ids)
  return changed.filter((id) => !listed.has(id))
}

async function updateOf(
  { group, viewer }: ListAudience,
  ids: readonly string[],
  removedIds: readonly string[],
): Promise<Result | null> {
  if (ids.length + removedIds.length === 0) return null
  return group.operation.run({ restarts: false, complete: true, ids, removedIds } satisfies ListUpdate, viewer)
}
