import type { Activity, Cursor } from '../../activity/activity.ts'
import { compareCursors } from '../../activity/cursor.ts'

/**
 * The facts that were sent last, for subscribers who come back: thousands who lost their connection for a moment must
 * not read the log one by one.
 */
export function createRecentFacts(most: number) {
  let facts: Activity[] = []
  let since: Cursor | null = null

  return {
    /** Begins with what follows `start`. */
    begin(start: Cursor): void {
      facts = []
      since = start
    },
    /** The place of the last fact that was sent; null before it has begun. */
    get position(): Cursor | null {
      return facts.at(-1)?.cursor ?? since
    },
    add(fact: Activity): void {
      facts.push(fact)
      if (facts.length < most * 2) return
      since = facts[most - 1]?.cursor ?? since
      facts = facts.slice(most)
    },
    /** All that was sent and follows `cursor`; null when not all of it is held. */
    after(cursor: Cursor): readonly Activity[] | null {
      if (since === null || compareCursors(cursor, since) < 0) return null
      let first = facts.length
      while (first > 0 && compareCursors((facts[first - 1] as Activity).cursor, cursor) > 0) first -= 1
      return facts.slice(first)
    },
  }
}

export type RecentFacts = ReturnType<typeof createRecentFacts>
