import { pause, type Clock } from '../../time/clock.ts'

/** Calls a second of one action, once EC2 has refused one: it gives back 5 a second of those that change something. */
const PER_SECOND = 4
/** How long an action is paced after a refusal, in milliseconds. */
const PACED_MS = 10_000

/**
 * Has calls of an action wait for one another once EC2 refused one for coming too fast. It says that and no more: not
 * how many there may be, nor how long to wait; and has a bucket for each action in a region of an account.
 */
export interface Pacing {
  /** Resolves when a call of the action may be sent, or when `signal` is aborted. */
  turn(action: string, signal: AbortSignal): Promise<void>
  /** A call of the action was refused. */
  refused(action: string): void
}

export function createPacing(clock: Clock): Pacing {
  const lanes = new Map<string, { nextMs: number; untilMs: number }>()
  const gapMs = 1_000 / PER_SECOND
  return {
    async turn(action, signal) {
      const lane = lanes.get(action)
      if (lane === undefined) return
      const now = clock.now()
      if (now >= Math.max(lane.untilMs, lane.nextMs)) {
        lanes.delete(action)
        return
      }
      const at = Math.max(now, lane.nextMs)
      lane.nextMs = at + gapMs
      if (at > now) await pause(clock, at - now, signal)
    },
    refused(action) {
      const now = clock.now()
      lanes.set(action, {
        nextMs: Math.max(lanes.get(action)?.nextMs ?? 0, now + gapMs),
        untilMs: now + PACED_MS,
      })
    },
  }
}
