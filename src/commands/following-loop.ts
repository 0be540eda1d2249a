import type { Log } from '../log/log.ts'
import { listen } from '../store/listen.ts'
import type { Store } from '../store/store.ts'
import type { Clock } from '../time/clock.ts'
import { startDueLoop } from '../time/due-loop.ts'
import { followTemplates } from './follow-templates.ts'

/** Machines brought up to their templates in one transaction, which holds their boundaries meanwhile. */
const BATCH = 200

/**
 * Brings policies up to their templates whenever either, or their machines, changed. Any number of them may run over one
 * database; each takes others. Times are in milliseconds.
 */
export function startFollowingTemplates(parts: {
  readonly store: Store
  /** The database, for the connection that listens. */
  readonly url: string
  readonly clock: Clock
  readonly log: Log
  /** How often to look when no hint came: 5 seconds unless told. */
  readonly pollMs?: number
}): { stop(): Promise<void> } {
  const { store, url, clock, log, pollMs = 5_000 } = parts
  // Whatever is left over is due at once.
  const turn = async () => ((await followTemplates(store, BATCH)) === BATCH ? 0 : null)
  const loop = startDueLoop({ turn, floorMs: pollMs, clock, log })
  const hints = listen(url, ['jit_due'], () => loop.wake(), log)
  return {
    async stop() {
      await hints.stop()
      await loop.stop()
    },
  }
}
