import type { Action } from './role.ts'
import { allowing, type Viewer } from './viewer.ts'

/** What somebody may give others of what they hold. */
export interface Delegable {
  /** Those of the actions that are not held: they cannot be given. */
  readonly lacking: readonly Action[]
  /** ISO 8601: what is given must end by then; null when it need not end. */
  readonly until: string | null
}

/**
 * Nobody gives what they do not hold, at that scope and for that long: whoever may write roles would else be able to
 * give themselves everything, or keep for ever what they hold for a while.
 */
export function delegable(viewer: Viewer, given: readonly Action[], scope: string): Delegable {
  const ends = given.map((action) => lastEnd(allowing(viewer, action, scope).map(({ by }) => by?.endsAt ?? null)))
  return {
    lacking: given.filter((_action, place) => ends[place] === undefined),
    // All of one form, to the millisecond in UTC: the order of the texts is that of the moments.
    until: ends.flatMap((end) => end ?? []).toSorted()[0] ?? null,
  }
}

/** The last of some ends, null being none at all; undefined of nothing. */
function lastEnd(ends: readonly (string | null)[]): string | null | undefined {
  if (ends.includes(null)) return null
  return ends
    .flatMap((end) => end ?? [])
    .toSorted()
    .at(-1)
}
