import fc from 'fast-check'
import type { Store, Transaction } from '../../../src/store/store.ts'

/** What one of several commands came to. */
export type Settled<Answer> = { readonly value: Answer } | { readonly error: unknown }

/**
 * Runs commands at the same time, each over a store of its own, and lets their transactions go on one statement at a
 * time in the order that `picks` says: which of those that can go on is next. A statement that waits for another
 * transaction's lock holds up nobody but its own. When the picks are used up they are taken from the beginning again.
 */
export async function interleave<Answers extends readonly unknown[]>(
  store: Store,
  picks: readonly number[],
  ...commands: { readonly [Place in keyof Answers]: (store: Store) => Promise<Answers[Place]> }
): Promise<{ readonly [Place in keyof Answers]: Settled<Answers[Place]> }> {
  const runs = commands.map((command) => startRun(store, command))
  for (let turn = 0; ; turn += 1) {
    await Promise.all(runs.map((run) => run.still(store)))
    const ready = runs.filter((run) => run.waiting !== null)
    if (ready.length === 0) {
      if (runs.every((run) => run.settled !== null)) break
      continue
    }
    const pick = picks[turn % Math.max(1, picks.length)] ?? 0
    ready[pick % ready.length]?.goOn()
  }
  return runs.map((run) => run.settled) as never
}

/** Orders in which two or three transactions of some ten statements can go on: one for a while, then another. */
export const orders: fc.Arbitrary<readonly number[]> = fc
  .array(fc.tuple(fc.nat({ max: 2 }), fc.integer({ min: 1, max: 10 })), { minLength: 4, maxLength: 12 })
  .map((turns) => turns.flatMap(([pick, times]) => Array.from({ length: times }, () => pick)))

interface Run {
  /** Lets the statement go that waits to be let go; null while none does. */
  waiting: (() => void) | null
  settled: Settled<unknown> | null
  goOn(): void
  /** Resolves when it waits to be let go, has ended, or waits for a lock. */
  still(store: Store): Promise<void>
}

function startRun(store: Store, command: (store: Store) => Promise<unknown>): Run {
  let pid = 0
  let moved = Promise.withResolvers<void>()
  const turn = () =>
    new Promise<void>((resolve) => {
      run.waiting = resolve
      moved.resolve()
    })
  const run: Run = {
    waiting: null,
    settled: null,
    goOn() {
      const go = run.waiting
      run.waiting = null
      moved = Promise.withResolvers()
      go?.()
    },
    async still() {
      while (run.waiting === null && run.settled === null) {
        const later = new Promise((resolve) => setTimeout(resolve, 2))
        await Promise.race([moved.promise, later])
        if (run.waiting !== null || run.settled !== null || pid === 0) continue
        const { rows } = await store.pool.query<{ blocked: boolean }>(
          'select cardinality(pg_blocking_pids($1)) > 0 as blocked',
          [pid],
        )
        if (rows[0]?.blocked === true) return
      }
    },
  }
  const stepwise: Store['db']['transaction'] = (work, config) =>
    store.db.transaction(async (tx) => {
      const { rows } = await tx.execute<{ pid: number }>('select pg_backend_pid() as pid')
      pid = rows[0]?.pid ?? 0
      const answer = await work(
        new Proxy(tx, {
          get(target, name) {
            if (name !== 'execute') return Reflect.get(target, name, target) as unknown
            return async (...statement: Parameters<Transaction['execute']>) => {
              await turn()
              return target.execute(...statement)
            }
          },
        }),
      )
      // The commit is a step like any other.
      await turn()
      return answer
    }, config)
  const db = new Proxy(store.db, {
    get: (target, name) => (name === 'transaction' ? stepwise : (Reflect.get(target, name, target) as unknown)),
  })
  command({ pool: store.pool, db }).then(
    (value) => {
      run.settled = { value }
      moved.resolve()
    },
    (error: unknown) => {
      run.settled = { error }
      moved.resolve()
    },
  )
  return run
}
