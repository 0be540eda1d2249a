import type { Activity } from '../../activity/activity.ts'
import type { Clock } from '../../time/clock.ts'
import type { Audience, EventMember, Pending } from './group.ts'
import type { Result } from './result.ts'

/**
 * Events that follow each other sooner are sent together: one write a socket is what an event costs. One that comes
 * alone does not wait.
 */
const GATHER_MS = 5

export interface FlushOptions {
  readonly clock: Clock
  /** Which of the events up to `last` a member is not sent; null when it is sent all of them. */
  readonly skipsOf: (member: EventMember, last: Activity | undefined) => ((fact: Activity) => boolean) | null
  /** A member's token has ended: it is sent nothing more. */
  readonly expired: (member: EventMember) => void
  /** A member does not take what it is sent: it was sent all, and is in no audience any more. */
  readonly behind: (member: EventMember) => void
}

/** Sends audiences what waits for them. */
export function createFlush({ clock, skipsOf, expired, behind }: FlushOptions) {
  const waiting = new Set<Audience>()
  let last = -Infinity
  let cancel: (() => void) | null = null

  const now = () => {
    cancel?.()
    cancel = null
    const at = clock.now()
    const fallen: EventMember[] = []
    for (const audience of waiting) {
      const { pending } = audience
      audience.pending = []
      const all = pending.map(({ result }) => result)
      const last = pending.at(-1)?.fact
      for (const member of audience.members) {
        if (at >= member.until) {
          expired(member)
          continue
        }
        const skips = skipsOf(member, last)
        member.sink.send(skips === null ? all : all.filter((_, index) => !skips((pending[index] as Pending).fact)))
        if (!member.sink.isBehind()) continue
        audience.members.delete(member)
        fallen.push(member)
      }
    }
    if (waiting.size > 0) last = clock.now()
    waiting.clear()
    for (const member of fallen) behind(member)
  }

  return {
    add(audience: Audience, fact: Activity, result: Result): void {
      audience.pending.push({ fact, result })
      waiting.add(audience)
    },
    /** Sends what waits: at once when nothing was sent just before, else together with what comes in the meantime. */
    due(): void {
      if (waiting.size === 0 || cancel !== null) return
      const wait = last + GATHER_MS - clock.now()
      if (wait <= 0) now()
      else cancel = clock.after(wait, now)
    },
    now,
  }
}
