import type { Cursor } from '../../activity/activity.ts'
import { parseCursor } from '../../activity/cursor.ts'
import type { ActivityFilterGiven, ActivityParts } from '../../graphql/downloads/activity-parts.ts'

/** What a download is asked for. */
export interface DownloadAsked {
  readonly filter: ActivityFilterGiven
  /** Facts behind this place only; null: from the beginning. */
  readonly after: Cursor | null
}

/** Parts of the filter that are lists: given once for each value. */
const LISTS = new Set(['kinds', 'virtualMachines', 'grants', 'requesterIds', 'actorIds'])

/**
 * Reads the parameters of a download: those of the API's `ActivityFilter`, under the same names, and `after`. Answers
 * what is wrong with them otherwise.
 */
export function readAsked(query: URLSearchParams, parts: ActivityParts): DownloadAsked | { readonly faults: string[] } {
  const given: Record<string, unknown> = {}
  const faults: string[] = []
  let after: Cursor | null = null
  for (const name of new Set(query.keys())) {
    const values = query.getAll(name)
    if (LISTS.has(name)) given[name] = values
    else if (values.length > 1) faults.push(`${name}: it is given more than once.`)
    else if (name !== 'after') given[name] = values[0]
    else {
      after = parseCursor(values[0] ?? '')
      if (after === null) faults.push('after: it is not a cursor of activity.')
    }
  }
  if (faults.length > 0) return { faults }
  const read = parts.filterOf(given)
  return 'faults' in read ? read : { filter: read.filter, after }
}
