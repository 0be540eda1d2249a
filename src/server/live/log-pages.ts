import type { Activity, Cursor, Feed } from '../../activity/activity.ts'
import { compareCursors, encodeCursor } from '../../activity/cursor.ts'
import { createLru } from '../../graphql/read/lru.ts'
import type { RecentFacts } from './recent-facts.ts'

/** Facts that are read from the log at a time: reading them keeps everybody waiting for some milliseconds. */
const PAGE_FACTS = 200

/** What follows a place in the log. */
export interface Page {
  readonly facts: readonly Activity[]
  /** The place up to which nothing is left out. */
  readonly next: Cursor
}

/** Pages that are kept: thousands who come back stand at the same few places. */
const PAGES_KEPT = 8

/**
 * Pages of the log for those who catch up: one is read at a time, so that however many they are they do not keep live
 * events waiting for the database, and once for all who are at the same place.
 */
export function createLogPages(feed: Feed, recent: RecentFacts) {
  const reading = new Map<string, { readonly page: Promise<Page | null>; readonly signal: AbortSignal }>()
  /** What is final stays true: a page that was right once leads on for ever, though not as far as one read now. */
  const kept = createLru<Page>(PAGES_KEPT)
  let last: Promise<unknown> = Promise.resolve()

  /** When the log holds no more, neither does it hold anything more up to what had been sent before it was read. */
  const read = async (after: Cursor, signal: AbortSignal): Promise<Page | null> => {
    const sent = recent.position
    const rows = await feed.history(after, PAGE_FACTS, signal)
    if (rows === null) return null
    const next = rows.settled.at(-1)?.cursor ?? after
    const whole = !rows.full || rows.unsettled
    return { facts: rows.settled, next: whole && sent !== null && compareCursors(sent, next) > 0 ? sent : next }
  }

  return {
    /** The page behind `after`; null when `signal` is aborted first. */
    async after(after: Cursor, signal: AbortSignal): Promise<Page | null> {
      const key = encodeCursor(after)
      const known = kept.get(key)
      if (known !== undefined) return known
      const shared = reading.get(key)
      if (shared?.signal === signal) return await shared.page
      const page = last.then(() => read(after, signal))
      const made = { page, signal }
      reading.set(key, made)
      last = page.catch(() => {})
      try {
        const found = await page
        if (found !== null && compareCursors(found.next, after) > 0) kept.set(key, found)
        return found
      } finally {
        if (reading.get(key) === made) reading.delete(key)
      }
    },
  }
}

export type LogPages = ReturnType<typeof createLogPages>
