import type { Store } from '../store/store.ts'
import type { Snapshot } from './activity.ts'

/** The database's present moment. */
export async function takeSnapshot(store: Store): Promise<Snapshot> {
  const { rows } = await store.pool.query<{ snapshot: string }>('select pg_current_snapshot()::text as snapshot')
  return parseSnapshot(rows[0]?.snapshot ?? '')
}

/** Reads Postgres's text: `oldest running : first not begun : running in between`, as transaction ids. */
export function parseSnapshot(text: string): Snapshot {
  const [oldest = '0', next = '0', between = ''] = text.split(':')
  const running = new Set(between.split(','))
  return {
    // Positions begin at 1.
    start: { transaction: oldest, position: '0' },
    holds: (transaction) => BigInt(transaction) < BigInt(next) && !running.has(transaction),
    isBefore: (transaction) => BigInt(transaction) >= BigInt(next),
  }
}
