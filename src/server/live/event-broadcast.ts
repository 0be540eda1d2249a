import type { Activity, Cursor, Feed } from '../../activity/activity.ts'
import type { LiveEvents } from '../../graphql/events/live-source.ts'
import { describeError } from '../../log/describe-error.ts'
import type { Log } from '../../log/log.ts'
import type { Clock } from '../../time/clock.ts'
import { goOn, isBefore, isPast, type Beginning } from './beginning.ts'
import { catchUp } from './catch-up.ts'
import { createFlush } from './flush.ts'
import { audienceOf, createGroup, isFor, leaveAudience, resultOf, type Audience, type EventMember } from './group.ts'
import type { LogReader } from './log-reader.ts'
import { createLogPages } from './log-pages.ts'
import { createMembership } from './membership.ts'
import { createRecentFacts } from './recent-facts.ts'
import { Result } from './result.ts'
import type { Standings } from './standing.ts'
import type { Broadcast } from './subscription.ts'
import { createTurns } from './turns.ts'

/** Facts that are kept, at least, for those who come back after a moment. */
const RECENT_FACTS = 1_000

export interface BroadcastOptions {
  readonly feed: Feed
  readonly reader: LogReader
  readonly standings: Standings
  readonly clock: Clock
  readonly log: Log
}

/** Sends every event of the log to whom it is for. */
export function createEventBroadcast(options: BroadcastOptions): Broadcast<LiveEvents> {
  const { feed, reader, standings, clock, log } = options
  const recent = createRecentFacts(RECENT_FACTS)
  const pages = createLogPages(feed, recent)
  const turn = createTurns()
  /** Where members began who are with the others already, until these have come past it. */
  const beginnings = new Map<EventMember, Beginning>()
  const membership = createMembership({
    reader,
    standings,
    groupOf: createGroup,
    remove(member) {
      beginnings.delete(member)
      leaveAudience(member)
    },
  })
  const { groups } = membership
  const flush = createFlush({
    clock,
    skipsOf(member, last) {
      const beginning = beginnings.get(member)
      if (beginning === undefined) return null
      if (last !== undefined && isPast(beginning, last)) beginnings.delete(member)
      return (fact) => isBefore(beginning, fact)
    },
    expired: (member) => member.end('AUTHENTICATION_EXPIRED'),
    behind: (member) => {
      void serveFromLog(member, goOn(beginnings.get(member), recent.position as Cursor))
    },
  })

  reader.add({
    begin: (head) => recent.begin(head),
    take: (fact, signal) => offer(fact, signal),
    fail: () => membership.endAll('LOG_UNAVAILABLE'),
  })

  /**
   * Gives an event to all whom it is for. Whoever comes while roles or results are waited for is among them.
   */
  const offer = async (fact: Activity, signal: AbortSignal) => {
    const results = new Map<Audience, Result>()
    for (let wait = prepare(fact, results); wait !== null; wait = prepare(fact, results)) {
      await wait
      if (signal.aborted) return
    }
    // At one moment, for those who come up to the others by the recent facts: what these hold has been given to all.
    for (const [audience, result] of results) flush.add(audience, fact, result)
    recent.add(fact)
    flush.due()
  }

  /** Gathers the results of an event; answers what has to be waited for before they are complete, null when they are. */
  const prepare = (fact: Activity, results: Map<Audience, Result>): Promise<unknown> | null => {
    const wanting = [...groups.values()].filter(({ events }) => events.wants(fact))
    const roles = wanting.length === 0 ? null : standings.current()
    if (roles !== null) return roles
    const coming: Promise<unknown>[] = []
    for (const group of wanting)
      for (const audience of group.audiences.values()) {
        const { standing } = audience
        if (results.has(audience)) continue
        if (standing.failed) for (const member of audience.members) member.end('LOG_UNAVAILABLE')
        else if (isFor(group, standing, fact)) {
          const result = resultOf(group, standing, fact)
          if (result instanceof Result) results.set(audience, result)
          else coming.push(result.then((made) => results.set(audience, made)))
        }
      }
    return coming.length === 0 ? null : Promise.all(coming)
  }

  const serveFromLog = async (member: EventMember, beginning: Beginning) => {
    try {
      await catchUp({ member, beginning, pages, recent, standings, turn, signal: reader.signal }, (upTo) => {
        // What waits to be sent to the others was sent to this one just now: it is not sent that again.
        beginnings.set(member, { ...beginning, after: upTo })
        audienceOf(member.group, member.standing).members.add(member)
      })
    } catch (error) {
      log.warn({ error: describeError(error) }, 'a subscription cannot be served from the log')
      member.end('LOG_UNAVAILABLE')
    }
  }

  return {
    enter(subscription) {
      const { after } = subscription.source
      return membership.enter(subscription, async (member) => {
        if (after !== null) void serveFromLog(member, { moment: null, after })
        else {
          const moment = await feed.now(reader.signal)
          if (moment !== null) void serveFromLog(member, { moment, after: moment.start })
        }
      })
    },
    get size() {
      return membership.size
    },
  }
}
