import type { Activity } from '../../activity/activity.ts'
import type { LiveList } from '../../graphql/events/live-list.ts'
import { describeError } from '../../log/describe-error.ts'
import type { Log } from '../../log/log.ts'
import { pause, type Clock } from '../../time/clock.ts'
import {
  changesOf,
  listAudienceOf,
  partOf,
  PART_SIZE,
  type ListAudience,
  type ListGroup,
  type Lack,
  type ListMember,
} from './list-group.ts'
import type { LogReader } from './log-reader.ts'
import { createMembership } from './membership.ts'
import { isRoleFact, type Standings } from './standing.ts'
import type { Broadcast } from './subscription.ts'

/** Changes that a reader may miss; one that missed more is sent the list from its beginning. */
const MOST_MISSED = 2_000
/** Changes that follow each other sooner are sent together: a dashboard is looked at by people. */
const COALESCE_MS = 250

export interface ListBroadcastOptions {
  readonly reader: LogReader
  readonly standings: Standings
  readonly clock: Clock
  readonly log: Log
}

/**
 * Keeps lists current: each subscription is sent the whole list in parts, then what changes in it. A thing that changed
 * is read when it is sent, so that any number of changes is one update, and the last one wins.
 */
export function createListBroadcast({ reader, standings, clock, log }: ListBroadcastOptions): Broadcast<LiveList> {
  const membership = createMembership<LiveList, ListGroup>({
    reader,
    standings,
    groupOf: (operation, list) => ({ operation, list, audiences: new Map(), size: 0 }),
    remove(member) {
      const { audiences } = member.group
      const audience = audiences.get(member.standing)
      audience?.current.delete(member)
      audience?.behind.delete(member)
      if (audience !== undefined && audience.current.size + audience.behind.size === 0)
        audiences.delete(member.standing)
    },
  })
  const { groups, end } = membership
  const audiences = () => [...groups.values()].flatMap((group) => [...group.audiences.values()])

  reader.add({
    begin() {},
    take(fact) {
      for (const audience of audiences())
        if (isRoleFact(fact)) void whileReadable(audience, () => judgedAnew(audience))
        else touch(audience, fact)
    },
    fail: () => membership.endAll('LOG_UNAVAILABLE'),
  })

  const touch = (audience: ListAudience, fact: Activity) => {
    const { list } = audience.group
    const id = list.touched(fact)
    if (id === null || !list.sees(audience.standing.viewer, id)) return
    audience.parts.clear()
    audience.changed.add(id)
    for (const lack of audience.behind.values()) miss(lack, id)
    if (audience.sending) return
    audience.sending = true
    void whileReadable(audience, () => sendChanges(audience)).finally(() => (audience.sending = false))
  }

  /** Sends what changed, once every `COALESCE_MS` as long as something does. */
  const sendChanges = async (audience: ListAudience) => {
    while (audience.changed.size > 0 && audience.current.size + audience.behind.size > 0) {
      await judgedAnew(audience)
      const changed = [...audience.changed].slice(0, PART_SIZE)
      for (const id of changed) audience.changed.delete(id)
      const receivers = [...audience.current]
      if (receivers.length > 0) {
        const result = await changesOf(audience, changed, false)
        for (const member of receivers)
          if (result !== null && audience.current.has(member)) {
            if (!expired(member)) member.sink.send([result])
            if (member.sink.isBehind()) fallBehind(audience, member, false)
          }
      }
      if (audience.changed.size < PART_SIZE) await pause(clock, COALESCE_MS, reader.signal)
    }
  }

  /** When roles changed, everybody is sent the list that can be seen by them now. */
  const judgedAnew = async (audience: ListAudience) => {
    for (let roles = standings.current(); roles !== null; roles = standings.current()) await roles
    const { standing } = audience
    if (standing.failed) throw new Error('the roles of a subscriber cannot be read')
    if (JSON.stringify(audience.viewer.rolesHeld) === JSON.stringify(standing.viewer.rolesHeld)) return
    audience.viewer = standing.viewer
    audience.parts.clear()
    audience.held.clear()
    for (const lack of audience.behind.values()) lack.whole = true
    for (const member of audience.current) fallBehind(audience, member, true)
  }

  const fallBehind = (audience: ListAudience, member: ListMember, whole: boolean) => {
    audience.current.delete(member)
    audience.behind.set(member, { whole, missed: new Set() })
    void whileReadable(audience, () => bringUp(audience, member), member)
  }

  /** Sends a member what it lacks, as fast as its reader takes it; at the end it is one of those who are current. */
  const bringUp = async (audience: ListAudience, member: ListMember) => {
    for (;;) {
      if (member.sink.isBehind()) await member.sink.caughtUp()
      await judgedAnew(audience)
      const lack = audience.behind.get(member)
      if (lack === undefined || expired(member)) return
      if (lack.whole) await sendWhole(audience, member)
      else if (lack.missed.size > 0) {
        const missed = [...lack.missed].slice(0, PART_SIZE)
        for (const id of missed) lack.missed.delete(id)
        // What the others were told is gone is no longer known to have been there.
        const result = await changesOf(audience, missed, true)
        if (result !== null) member.sink.send([result])
      } else {
        audience.behind.delete(member)
        audience.current.add(member)
        return
      }
    }
  }

  const sendWhole = async (audience: ListAudience, member: ListMember) => {
    const lack = audience.behind.get(member)
    if (lack !== undefined) lack.whole = false
    for (let after: string | null = null; ;) {
      const { result, next } = await partOf(audience, after)
      // Begun anew when roles changed in the meantime.
      if (member.gone || audience.behind.get(member)?.whole !== false) return
      member.sink.send([result])
      if (next === null) return
      after = next
      if (member.sink.isBehind()) await member.sink.caughtUp()
    }
  }

  const expired = (member: ListMember): boolean => {
    if (clock.now() < member.until) return false
    end(member, 'AUTHENTICATION_EXPIRED')
    return true
  }

  /** Ends those for whom `work` is done when the database cannot be read. */
  const whileReadable = async (audience: ListAudience, work: () => Promise<void>, member?: ListMember) => {
    try {
      await work()
    } catch (error) {
      log.warn({ error: describeError(error) }, 'a list cannot be kept current')
      const those = member === undefined ? [...audience.current, ...audience.behind.keys()] : [member]
      for (const one of those) end(one, 'LOG_UNAVAILABLE')
    }
  }

  return {
    enter: (subscription) =>
      membership.enter(subscription, {
        begun(member) {
          if (!member.gone) fallBehind(listAudienceOf(member.group, member.standing), member, true)
        },
      }),
    get size() {
      return membership.size
    },
  }
}

function miss(lack: Lack, id: string): void {
  lack.missed.add(id)
  if (lack.missed.size <= MOST_MISSED) return
  lack.missed.clear()
  lack.whole = true
}
