import type { Log } from '../log/log.ts'
import type { Clock } from '../time/clock.ts'
import { startDueLoop } from '../time/due-loop.ts'
import { listen } from './listen.ts'

/** What a loop that the database wakes is made of. */
export interface WokenLoopParts {
  /** The database, for the connection that listens. */
  readonly url: string
  readonly clock: Clock
  readonly log: Log
}

/**
 * Runs `turn` whenever the database hints that something is due, and as a due loop does: after the milliseconds that it
 * answered, and at the latest after `floorMs`.
 */
export function startWokenLoop(
  { url, clock, log }: WokenLoopParts,
  floorMs: number,
  turn: () => Promise<number | null>,
): { stop(): Promise<void> } {
  const loop = startDueLoop({ turn, floorMs, clock, log })
  const hints = listen(url, ['jit_due'], () => loop.wake(), log)
  return {
    async stop() {
      await hints.stop()
      await loop.stop()
    },
  }
}
