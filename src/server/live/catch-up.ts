import type { Viewer } from '../../access/viewer.ts'
import type { Activity, Cursor } from '../../activity/activity.ts'
import { isBefore, type Beginning } from './beginning.ts'
import { isFor, resultOf, type EventMember } from './group.ts'
import type { LogPages, Page } from './log-pages.ts'
import type { RecentFacts } from './recent-facts.ts'
import type { Result } from './result.ts'
import type { Standings } from './standing.ts'

/** Facts that are executed and sent in one turn of the event loop: some milliseconds for large ones. */
const SENT_AT_ONCE = 20

export interface CatchUpOptions {
  readonly member: EventMember
  readonly beginning: Beginning
  readonly pages: LogPages
  readonly recent: RecentFacts
  readonly standings: Standings
  /** Resolves when it is this one's turn: others keep up, or catch up too. */
  readonly turn: () => Promise<void>
  readonly signal: AbortSignal
}

/**
 * Sends a member what follows its cursor, as fast as its reader takes it: from the log, then from the facts that were
 * sent last. `join` is called at the very moment at which it has had all that was sent to others, with the place up to which
 * it has been served. Fails when its roles cannot be read.
 */
export async function catchUp(options: CatchUpOptions, join: (upTo: Cursor) => void): Promise<void> {
  const { member, pages, recent, signal, turn } = options
  let cursor = options.beginning.after
  for (;;) {
    if (member.sink.isBehind()) await member.sink.caughtUp()
    if (member.gone || signal.aborted) return
    const held = recent.after(cursor)
    if (held?.length === 0) {
      join(cursor)
      return
    }
    const page = held === null ? await pages.after(cursor, signal) : pageOf(held.slice(0, SENT_AT_ONCE), cursor)
    if (page === null) return
    for (let first = 0; first < page.facts.length; first += SENT_AT_ONCE) {
      if (!(await send(options, page.facts.slice(first, first + SENT_AT_ONCE)))) return
      await turn()
    }
    cursor = page.next
  }
}

const pageOf = (facts: readonly Activity[], cursor: Cursor): Page => ({ facts, next: facts.at(-1)?.cursor ?? cursor })

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
