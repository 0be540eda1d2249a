import { gatewayActor } from '../../src/access/words.ts'
import type { Activity } from '../../src/activity/activity.ts'
import { appendFacts } from '../../src/store/append-facts.ts'
import type { Store, Transaction } from '../../src/store/store.ts'

/** Appends one fact for each name, in one transaction; `within` runs before it commits. */
export function append(
  store: Store,
  names: readonly string[],
  within: (tx: Transaction) => Promise<void> = async () => {},
): Promise<void> {
  return store.db.transaction(async (tx) => {
    await appendFacts(
      tx,
      names.map((name) => ({ kind: 'AccountRegistered', actor: gatewayActor, detail: { name } })),
    )
    await within(tx)
  })
}

/** The name a fact of `append` carries. */
export function nameOf(row: Activity): string {
  return 'name' in row.detail ? row.detail.name : ''
}

/** The next `count` rows of a stream. */
export async function take(stream: AsyncGenerator<Activity>, count: number): Promise<Activity[]> {
  const rows: Activity[] = []
  while (rows.length < count) {
    const next = await stream.next()
    if (next.done === true) throw new Error(`the stream ended after ${rows.length} of ${count} rows`)
    rows.push(next.value)
  }
  return rows
}
