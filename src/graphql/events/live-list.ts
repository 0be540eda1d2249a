import type { Viewer } from '../../access/viewer.ts'
import type { Activity } from '../../activity/activity.ts'

/** Most things in one part of a list, and in one update. */
export const LIST_PART = 200

/** A list that is kept current: what the `subscribe` resolver of a field answers. The field resolves each `ListUpdate`. */
export interface LiveList {
  /** Ids of up to `limit` things of the list behind the id `after`, in order of their ids; from the first when null. */
  page(viewer: Viewer, after: string | null, limit: number): Promise<readonly string[]>
  /** Those of `ids` that are in the list. */
  among(viewer: Viewer, ids: readonly string[]): Promise<readonly string[]>
  /** The id of the thing that a fact changed, which may have come to the list by it, or gone from it; null for none. */
  touched(fact: Activity): string | null
  /** Whether a fact changed more things of the list than it can name: the list is then sent anew. */
  changedMany(fact: Activity): boolean
  /** Whether a viewer may see the thing with an id, in the list or not. */
  sees(viewer: Viewer, id: string): boolean
}

/** What changed in a list, or a part of all that it holds. */
export interface ListUpdate {
  /** The first part of a whole list: what was known of it before counts no more. */
  readonly restarts: boolean
  /** Whether the list is now whole; false while parts of it follow. */
  readonly complete: boolean
  readonly ids: readonly string[]
  readonly removedIds: readonly string[]
}
