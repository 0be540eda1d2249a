import { LIST_PART } from '../../graphql/events/live-list.ts'
import { describeError } from '../../log/describe-error.ts'
import type { Log } from '../../log/log.ts'
import { pause, type Clock } from '../../time/clock.ts'
import { isEmpty, miss, type ListAudience, type ListMember, type Part } from './list-group.ts'
import { changesOf, missedOf, partOf } from './list-reading.ts'
import type { LogReader } from './log-reader.ts'
import type { Result } from './result.ts'
import type { Standings } from './standing.ts'

/** Changes that follow each other sooner are sent together: a dashboard is looked at by people. */
const COALESCE_MS = 250

export interface ListDeliveryOptions {
  readonly reader: LogReader
  readonly standings: Standings
  readonly clock: Clock
  readonly log: Log
}

/**
 * Sends audiences what their lists hold. Whatever was read is sent only if the roles it was read by still stand: who may
 * see less by then is sent the list anew.
 */
export function createListDelivery({ reader, standings, clock, log }: ListDeliveryOptions) {
  const take = (from: Set<string>): string[] => {
    const taken = [...from].slice(0, LIST_PART)
    for (const id of taken) from.delete(id)
    return taken
  }

  const expired = (member: ListMember): boolean => {
    if (clock.now() < member.until) return false
    member.end('AUTHENTICATION_EXPIRED')
    return true
  }

  /** Ends those for whom `work` is done when the database cannot be read. */
  const whileReadable = async (audience: ListAudience, work: () => Promise<void>, member?: ListMember) => {
    try {
      await work()
    } catch (error) {
      log.warn({ error: describeError(error) }, 'a list cannot be kept current')
      const those = member === undefined ? [...audience.current, ...audience.behind.keys()] : [member]
      for (const one of those) one.end('LOG_UNAVAILABLE')
    }
  }

  /** Waits until the roles that stand are known. */
  const rolesKnown = async () => {
    for (let roles = standings.current(); roles !== null; roles = standings.current()) await roles
  }

  /** When roles changed, everybody is sent the list that can be seen by them now. */
  const judge = (audience: ListAudience) => {
    const { standing } = audience
    if (standing.failed) throw new Error('the roles of a subscriber cannot be read')
    if (JSON.stringify(audience.viewer.rolesHeld) === JSON.stringify(standing.viewer.rolesHeld)) return
    audience.viewer = standing.viewer
    sendAnew(audience)
  }

  const sendAnew = (audience: ListAudience) => {
    audience.parts.clear()
    audience.held.clear()
    for (const lack of audience.behind.values()) lack.whole = true
    for (const member of audience.current) fallBehind(audience, member, true)
  }

  const judgeAnew = async (audience: ListAudience) => {
    await rolesKnown()
    judge(audience)
  }

  /**
   * Hands what `read` answers to `use`, at the very moment at which the roles that it was read by are seen to stand still;
   * not at all when they changed, and all is sent anew.
   */
  const readBy = async <Answer>(
    audience: ListAudience,
    read: () => Promise<Answer>,
    use: (answer: Answer) => void,
  ): Promise<void> => {
    await judgeAnew(audience)
    const { viewer } = audience
    const answer = await read()
    for (let roles = standings.current(); roles !== null; roles = standings.current()) await roles
    judge(audience)
    if (audience.viewer === viewer) use(answer)
  }

  const fallBehind = (audience: ListAudience, member: ListMember, whole: boolean) => {
    audience.current.delete(member)
    const lack = { whole, missed: new Set<string>() }
    // What waits to be sent goes to those who are current by then.
    for (const id of audience.changed) miss(lack, id)
    audience.behind.set(member, lack)
    void whileReadable(audience, () => bringUp(audience, member), member)
  }

  /** Sends a member what it lacks, as fast as its reader takes it; at the end it is one of those who are current. */
  const bringUp = async (audience: ListAudience, member: ListMember) => {
    for (;;) {
      if (member.sink.isBehind()) await member.sink.caughtUp()
      await judgeAnew(audience)
      const lack = audience.behind.get(member)
      if (lack === undefined || expired(member)) return
      if (lack.whole) await sendWhole(audience, member)
      else if (lack.missed.size > 0) {
        const missed = take(lack.missed)
        await readBy(
          audience,
          () => missedOf(audience, missed),
          (result) => {
            if (result !== null && !member.gone) member.sink.send([result])
          },
        )
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
      const from: string | null = after
      let next: string | null = null
      await readBy(
        audience,
        () => partOf(audience, from),
        (part: Part) => {
          // Begun anew when more was missed than is kept.
          if (member.gone || audience.behind.get(member)?.whole !== false) return
          member.sink.send([part.result])
          ;({ next } = part)
        },
      )
      if (next === null) return
      after = next
      if (member.sink.isBehind()) await member.sink.caughtUp()
    }
  }

  /** Sends what changed, once every `COALESCE_MS` as long as something does. */
  const sendChanges = async (audience: ListAudience) => {
    try {
      while (audience.changed.size > 0 && !isEmpty(audience)) {
        const changed = take(audience.changed)
        const receivers = [...audience.current]
        const send = (result: Result | null) => {
          if (result === null) return
          for (const member of receivers) {
            if (!audience.current.has(member) || expired(member)) continue
            member.sink.send([result])
            if (member.sink.isBehind()) fallBehind(audience, member, false)
          }
        }
        if (receivers.length > 0) await readBy(audience, () => changesOf(audience, changed), send)
        if (audience.changed.size < LIST_PART) await pause(clock, COALESCE_MS, reader.signal)
      }
    } finally {
      // At the very moment at which nothing is left: what changes from now on begins anew.
      audience.sending = false
    }
  }

  return {
    /** Begins to send a member the list. */
    begin: (audience: ListAudience, member: ListMember): void => fallBehind(audience, member, true),
    /** Sees to it that whoever may see more or less than before is sent the list anew. */
    rolesChanged: (audience: ListAudience): void => void whileReadable(audience, () => judgeAnew(audience)),
    /** Sends everybody the list anew: too much of it changed at once to be named. */
    changedMany: sendAnew,
    /** Sees to it that everybody hears of a change. */
    changed(audience: ListAudience, id: string): void {
      // What is being read may be from before the change.
      audience.parts.clear()
      audience.changed.add(id)
      for (const lack of audience.behind.values()) miss(lack, id)
      if (audience.sending) return
      audience.sending = true
      void whileReadable(audience, () => sendChanges(audience))
    },
  }
}
