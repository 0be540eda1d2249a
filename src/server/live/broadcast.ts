import type { RoleDetail } from '../../access/facts.ts'
import type { Principal, Viewer } from '../../access/viewer.ts'
import type { Activity, Cursor, Feed } from '../../activity/activity.ts'
import type { LiveEnd } from '../../graphql/events/live-events.ts'
import { describeError } from '../../log/describe-error.ts'
import type { Log } from '../../log/log.ts'
import type { Clock } from '../../time/clock.ts'
import { catchUp } from './catch-up.ts'
import { createFlush } from './flush.ts'
import { audienceOf, createGroup, isFor, resultOf, type Audience, type Group, type Member } from './group.ts'
import type { LiveOperation } from './live-operation.ts'
import { createRecentFacts } from './recent-facts.ts'
import { Result } from './result.ts'
import type { Sink } from './sink.ts'
import { createStandings } from './standing.ts'

/** Facts that are kept, at least, for those who come back after a moment. */
const RECENT_FACTS = 1_000

/** Who subscribes to what, and how it is sent. */
export interface Subscription {
  readonly operation: LiveOperation
  readonly principal: Principal
  readonly viewer: Viewer
  readonly reloadViewer: () => Promise<Viewer>
  /** When its token ends, in milliseconds since the epoch. */
  readonly until: number
  readonly sink: Sink
  readonly ended: () => void
}

/** Sends every event of the log to whom it is for, from one reading of the log, and not at all without subscribers. */
export interface Broadcast {
  /** Takes up a subscription; `begun` resolves when what is committed from then on will be sent. */
  enter(subscription: Subscription): { readonly member: Member; readonly begun: Promise<void> }
  /** The reader has gone. */
  leave(member: Member): void
  /** Ends a subscription with a last word that says why. */
  end(member: Member, why: LiveEnd): void
  readonly size: { readonly members: number; readonly groups: number }
}

export function createBroadcast(options: { feed: Feed; clock: Clock; log: Log }): Broadcast {
  const { feed, clock, log } = options
  const groups = new Map<string, Group>()
  const members = new Set<Member>()
  const standings = createStandings()
  const recent = createRecentFacts(RECENT_FACTS)
  let reading: Reading | null = null
  const flush = createFlush({
    clock,
    expired: (member) => end(member, 'AUTHENTICATION_EXPIRED'),
    behind: (member) => void serveFromLog(member, recent.position),
  })

  /** Begins to read with the first subscriber. */
  const begin = (): Reading => {
    const over = new AbortController()
    const begun = (async () => {
      const head = await feed.head(over.signal)
      if (head === null) return
      recent.begin(head)
      void read(head, over.signal)
    })()
    return { begun, over }
  }

  const read = async (head: Cursor, signal: AbortSignal) => {
    try {
      for await (const fact of feed.read(head, () => true, signal)) {
        if (!isRoleFact(fact)) await offer(fact, signal)
        else {
          standings.changed(fact.detail as RoleDetail)
          recent.add(fact)
        }
        if (signal.aborted) return
      }
    } catch (error) {
      log.warn({ error: describeError(error) }, 'subscriptions cannot be served from the log')
    }
    if (!signal.aborted) for (const member of members) end(member, 'LOG_UNAVAILABLE')
  }

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
    for (const [audience, result] of results) flush.add(audience, result)
    recent.add(fact)
    flush.due()
  }

  /** Gathers the results of an event; answers what has to be waited for before they are complete, null when they are. */
  const prepare = (fact: Activity, results: Map<Audience, Result>): Promise<unknown> | null => {
    const wanting = [...groups.values()].filter(({ operation }) => operation.events.wants(fact))
    const roles = wanting.length === 0 ? null : standings.current()
    if (roles !== null) return roles
    const coming: Promise<unknown>[] = []
    for (const group of wanting)
      for (const audience of group.audiences.values()) {
        const { standing } = audience
        if (results.has(audience)) continue
        if (standing.failed) for (const member of audience.members) end(member, 'LOG_UNAVAILABLE')
        else if (isFor(group, standing, fact)) {
          const result = resultOf(group, standing, fact)
          if (result instanceof Result) results.set(audience, result)
          else coming.push(result.then((made) => results.set(audience, made)))
        }
      }
    return coming.length === 0 ? null : Promise.all(coming)
  }

  const join = (member: Member) => audienceOf(member.group, member.standing).members.add(member)

  const serveFromLog = async (member: Member, from: Cursor | null) => {
    const { signal } = (reading ??= begin()).over
    try {
      await catchUp({ member, from: from as Cursor, feed, recent, standings, signal }, () => {
        // What waits to be sent to the others was sent to this one just now.
        flush.now()
        join(member)
      })
    } catch (error) {
      log.warn({ error: describeError(error) }, 'a subscription cannot be served from the log')
      end(member, 'LOG_UNAVAILABLE')
    }
  }

  const leave = (member: Member) => {
    if (member.gone) return
    member.gone = true
    members.delete(member)
    const { group, standing } = member
    const audience = group.audiences.get(standing)
    audience?.members.delete(member)
    if (audience?.members.size === 0) group.audiences.delete(standing)
    standings.leave(standing)
    group.size -= 1
    if (group.size === 0) groups.delete(group.operation.key)
    if (members.size > 0) return
    reading?.over.abort()
    reading = null
  }

  const end = (member: Member, why: LiveEnd) => {
    if (member.gone) return
    leave(member)
    void Promise.resolve(member.group.operation.run(why, member.standing.viewer)).then((last) => {
      member.sink.send([last])
      member.ended()
    })
  }

  return {
    enter({ operation, principal, viewer, reloadViewer, until, sink, ended }) {
      const group = groups.get(operation.key) ?? createGroup(operation)
      groups.set(operation.key, group)
      group.size += 1
      const standing = standings.enter(principal, viewer, reloadViewer)
      const member: Member = { group, standing, until, sink, gone: false, ended }
      members.add(member)
      const { after } = operation.events
      if (after === null) join(member)
      const { begun } = (reading ??= begin())
      return {
        member,
        begun: begun.then(() => {
          if (after !== null) void serveFromLog(member, after)
        }),
      }
    },
    leave,
    end,
    get size() {
      return { members: members.size, groups: groups.size }
    },
  }
}

/** One reading of the log, until the last subscriber goes. */
interface Reading {
  readonly begun: Promise<void>
  readonly over: AbortController
}

function isRoleFact(fact: Activity): boolean {
  return fact.kind === 'RoleAssigned' || fact.kind === 'RoleRemoved'
}
