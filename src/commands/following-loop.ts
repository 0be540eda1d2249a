import type { Store } from '../store/store.ts'
import { startWokenLoop, type WokenLoopParts } from '../store/woken-loop.ts'
import { followTemplates } from './follow-templates.ts'

/** Machines brought up to their templates in one transaction, which holds their boundaries meanwhile. */
const BATCH = 200

/** How often to look when no hint came, in milliseconds. */
const LOOK_EVERY_MS = 5_000

/**
 * Brings policies up to their templates whenever either, or their machines, changed. Any number of them may run over one
 * database; each takes others.
 */
export function startFollowingTemplates(parts: WokenLoopParts & { readonly store: Store }): { stop(): Promise<void> } {
  // Whatever is left over is due at once.
  return startWokenLoop(parts, LOOK_EVERY_MS, async () =>
    (await followTemplates(parts.store, BATCH)) === BATCH ? 0 : null,
  )
}
