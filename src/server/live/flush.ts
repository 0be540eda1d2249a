import type { Clock } from '../../time/clock.ts'
import type { Audience, EventMember } from './group.ts'
import type { Result } from './result.ts'

/**
 * Events that follow each other sooner are sent together: one write a socket is what an event costs. One that comes
 * alone does not wait.
 */
const GATHER_MS = 5

export interface FlushOptions {
  readonly clock: Clock
  /** A member's token has ended: it is sent nothing more. */
  readonly expired: (member: EventMember) => void
  /** A member does not take what it is sent: it was sent all, and is in no audience any more. */
  readonly behind: (member: EventMember) => void
}

/** Sends audiences what waits for them. */
export function createFlush({ clock, expired, behind }: FlushOptions) {
  const waiting = new Set<Audience>()
  let last = -Infinity
  let cancel: (() => void) | null = null

  const now = () => {
    cancel?.()
    cancel = null
    const at = clock.now()
    const fallen: EventMember[] = []
    for (const audience of waiting) {
      const results = audience.pending
      audience.pending = []
      for (const member of audience.members) {
        if (at >= member.until) {
          expired(member)
          continue
        }
        member.sink.send(results)
        if (!member.sink.isBehind()) continue
        audience.members.delete(member)
        fallen.push(member)
      }
    }
    waiting.clear()
    last = clock.now()
    for (const member of fallen) behind(member)
  }

  return {
    add(audience: Audience, result: Result): void {
      audience.pending.push(result)
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
