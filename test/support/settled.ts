import { expect, vi } from 'vitest'
import type { Store } from '../../src/store/store.ts'

/**
 * Resolves when every fact written so far can be read from the log: no older transaction runs any more, in whichever
 * database of the server, where other test files have theirs.
 */
export function settled(store: Store): Promise<void> {
  return vi.waitFor(
    async () => {
      const { rowCount } = await store.pool.query(
        'select 1 from activities where transaction >= pg_snapshot_xmin(pg_current_snapshot()) limit 1',
      )
      expect(rowCount).toBe(0)
    },
    { timeout: 10_000, interval: 10 },
  )
}
