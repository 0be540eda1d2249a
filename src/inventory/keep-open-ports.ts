import { lookFor } from '../firewall/look.ts'
import { takeOpenPortsDue } from '../store/open-ports/due.ts'
import { recordOpenPorts } from '../store/open-ports/record.ts'
import type { Store } from '../store/store.ts'
import { startWokenLoop, type WokenLoopParts } from '../store/woken-loop.ts'

/** Machines looked at in one transaction: what they open is worked out in a moment. */
const BATCH = 200

/**
 * Looks again for the open ports of machines whenever the rules before them were observed to have changed. Any number of
 * them may run over one database; each takes others. Times are in milliseconds.
 */
export function startKeepingOpenPorts(
  parts: WokenLoopParts & {
    readonly store: Store
    /** How often to look when no hint came: 5 seconds unless told. */
    readonly pollMs?: number
  },
): { stop(): Promise<void> } {
  const { store, pollMs = 5_000 } = parts
  return startWokenLoop(parts, pollMs, () =>
    store.db.transaction(async (tx) => {
      const due = await takeOpenPortsDue(tx, BATCH)
      const [quiet, loud] = [true, false].map((is) => due.filter((one) => one.quiet === is).map(({ vmId }) => vmId))
      await recordOpenPorts(tx, quiet ?? [], lookFor, { quiet: true })
      await recordOpenPorts(tx, loud ?? [], lookFor)
      // Whatever is left over is due at once.
      return due.length === BATCH ? 0 : null
    }),
  )
}
