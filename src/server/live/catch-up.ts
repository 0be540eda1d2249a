import type { Viewer } from '../../access/viewer.ts'
import type { Activity, Cursor, Feed } from '../../activity/activity.ts'
import { compareCursors } from '../../activity/cursor.ts'
import { isBefore, type Beginning } from './beginning.ts'
import { isFor, resultOf, type EventMember } from './group.ts'
import type { RecentFacts } from './recent-facts.ts'
import type { Result } from './result.ts'
import type { Standings } from './standing.ts'

/** Facts that are read from the log at a time, and results that are sent at a time. */
const PAGE_FACTS = 500
const SENT_AT_ONCE = 50

export interface CatchUpOptions {
  readonly member: EventMember
  readonly beginning: Beginning
  readonly feed: Feed
  readonly recent: RecentFacts
  readonly standings: Standings
  readonly signal: AbortSignal
}

/**
 * Sends a member what follows its cursor, as fast as its reader takes it: from the log, then from the facts that were
 * sent last. `join` is called at the very moment at which it has had all that was sent to others, with the place up to which
 * it has been served. Fails when its roles cannot be read.
 */
export async function catchUp(options: CatchUpOptions, join: (upTo: Cursor) => void): Promise<void> {
  const { member, recent, signal } = options
  let cursor = options.beginning.after
  for (;;) {
    if (member.sink.isBehind()) await member.sink.caughtUp()
    if (member.gone || signal.aborted) return
    const held = recent.after(cursor)
    if (held?.length === 0) {
      join(cursor)
      return
    }
    const page = held === null ? await readPage(options, cursor) : pageOf(held.slice(0, SENT_AT_ONCE), cursor)
    if (page === null) return
    for (let first = 0; first < page.facts.length; first += SENT_AT_ONCE)
      if (!(await send(options, page.facts.slice(first, first + SENT_AT_ONCE)))) return
    cursor = page.next
  }
}

interface Page {
  readonly facts: readonly Activity[]
  /** The place up to which nothing is left out. */
  readonly next: Cursor
}

const pageOf = (facts: readonly Activity[], cursor: Cursor): Page => ({ facts, next: facts.at(-1)?.cursor ?? cursor })

/** When the log holds no more, neither does it hold anything more up to what had been sent before it was read. */
async function readPage({ feed, recent, signal }: CatchUpOptions, cursor: Cursor): Promise<Page | null> {
  const sent = recent.position
  const rows = await feed.history(cursor, PAGE_FACTS, signal)
  if (rows === null) return null
  const page = pageOf(rows.settled, cursor)
  const whole = !rows.full || rows.unsettled
  return whole && sent !== null && compareCursors(sent, page.next) > 0 ? { ...page, next: sent } : page
}

/** Sends those of the facts that the member is to see by the roles it holds when they are sent; false when it has gone. */
async function send(
  { member, beginning, standings, signal }: CatchUpOptions,
  facts: readonly Activity[],
): Promise<boolean> {
  const { group, standing } = member
  if (member.sink.isBehind()) await member.sink.caughtUp()
  let results: readonly Result[] = []
  for (let judgedBy: Viewer | null = null; judgedBy !== standing.viewer;) {
    for (let roles = standings.current(); roles !== null; roles = standings.current()) await roles
    if (standing.failed) throw new Error('the roles of a subscriber cannot be read')
    judgedBy = standing.viewer
    const shown = facts.filter((fact) => !isBefore(beginning, fact) && isFor(group, standing, fact))
    results = await Promise.all(shown.map(async (fact) => resultOf(group, standing, fact)))
    // Roles that are being read anew may be others than those it was judged by.
    if (standings.current() !== null) judgedBy = null
  }
  if (member.gone || signal.aborted) return false
  if (results.length > 0) member.sink.send(results)
  return true
}
