import type { Log } from '../log/log.ts'
import { expireEndedAssignments } from '../store/role-changes.ts'
import type { Store } from '../store/store.ts'
import type { Clock } from '../time/clock.ts'
import { startDueLoop } from '../time/due-loop.ts'

/** How often to look whether an end was set that is sooner than those known, in milliseconds. */
const LOOK_EVERY_MS = 1_000

/**
 * Takes away assignments of roles that have ended, and says so. They count for nothing from their end on, whether or not
 * this runs. Any number may run over one database.
 */
export function startExpiringRoles(parts: { readonly store: Store; readonly clock: Clock; readonly log: Log }): {
  stop(): Promise<void>
} {
  const { store, clock, log } = parts
  const turn = () => expireEndedAssignments(store)
  return startDueLoop({ turn, floorMs: LOOK_EVERY_MS, clock, log })
}
