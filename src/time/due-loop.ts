import type { Log } from '../log/log.ts'
import type { Clock } from './clock.ts'

/** A loop that runs whenever something is due. */
export interface DueLoop {
  /** Something may be due now. */
  wake(): void
  /** Starts no further turn and resolves when the one in hand has ended. */
  stop(): Promise<void>
}

/**
 * Runs `turn` again and again: at once when woken, otherwise when the milliseconds it answered have passed, and at the
 * latest after `floorMs`, since hints may be lost. A turn that throws is logged and tried again after `floorMs`.
 */
export function startDueLoop(options: {
  readonly turn: () => Promise<number | null>
  readonly floorMs: number
  readonly clock: Clock
  readonly log: Log
}): DueLoop {
  const { turn, floorMs, clock, log } = options
  let running: Promise<void> | null = null
  let again = false
  let stopped = false
  let cancel = () => {}

  const run = async () => {
    let wait = floorMs
    try {
      wait = Math.min((await turn()) ?? floorMs, floorMs)
    } catch (error) {
      log.error({ error }, 'a turn of the due loop failed')
    }
    running = null
    if (stopped) return
    if (again) wake()
    else cancel = clock.after(Math.max(1, Math.ceil(wait)), wake)
  }
  const wake = () => {
    if (stopped) return
    if (running !== null) {
      again = true
      return
    }
    again = false
    cancel()
    running = run()
  }
  wake()
  return {
    wake,
    async stop() {
      stopped = true
      cancel()
      await running
    },
  }
}
