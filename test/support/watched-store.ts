import type { Store, Transaction } from '../../src/store/store.ts'

/** The same store, which calls `before` ahead of each statement of a transaction, with its number, and of the commit. */
export function watchedStore(
  { pool, db }: Store,
  before: (statement: number, tx: Transaction) => Promise<void> | void,
): Store {
  const transaction: Store['db']['transaction'] = (work, config) =>
    db.transaction(async (tx) => {
      let statement = 0
      const execute = async (...args: Parameters<Transaction['execute']>) => {
        await before((statement += 1), tx)
        return tx.execute(...args)
      }
      const answer = await work(replaced(tx, 'execute', execute))
      await before(statement + 1, tx)
      return answer
    }, config)
  return { pool, db: replaced(db, 'transaction', transaction) }
}

function replaced<Thing extends object>(thing: Thing, method: keyof Thing, by: unknown): Thing {
  return new Proxy(thing, {
    get: (of, name) => (name === method ? by : (Reflect.get(of, name, of) as unknown)),
  })
}
