import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Activity, Cursor } from '../../src/activity/activity.ts'
import { startFeed } from '../../src/activity/feed.ts'
import { silentLog } from '../../src/log/log.ts'
import { systemClock } from '../../src/time/clock.ts'
import { useDatabase } from '../support/database.ts'
import { ownServer } from '../support/own-server.ts'
import { statement } from '../support/postgres.ts'
import { append, nameOf } from './facts.ts'

const database = useDatabase()
let feed: ReturnType<typeof startFeed>
let gone: AbortController

beforeEach(() => {
  gone = new AbortController()
  const { store, url } = database
  feed = startFeed({ store, url, clock: systemClock, log: silentLog, pollMs: 100, queueRows: 20, pageRows: 10 })
})
afterEach(async () => {
  gone.abort()
  await feed.stop()
})

const END = 'the end'

/** Everything after a cursor until the row that says so. */
const readToEnd = async (after: Cursor) => {
  const rows: Activity[] = []
  for await (const row of feed.read(after, gone.signal)) {
    rows.push(row)
    if (nameOf(row) === END) break
  }
  return rows
}

/** The log itself, which every reader must have been given from its cursor on. */
const log = async () => {
  const { rows } = await database.store.pool.query<{ name: string }>(
    `select detail ->> 'name' as name from activities a order by a.transaction, a.position`,
  )
  return rows.map((row) => row.name)
}

const beginning: Cursor = { transaction: '0', position: '0' }

/** Five writers at once, each transaction holding its place for a random moment; answers when all have ended. */
const writeAtOnce = async (label: string, transactions: number, write = append) => {
  const writer = async (number: number) => {
    for (let turn = 0; turn < transactions; turn++) {
      const names = Array.from(
        { length: 1 + ((number + turn) % 3) },
        (_, index) => `${label}-${number}-${turn}-${index}`,
      )
      await write(database.store, names, async (tx) => {
        await tx.execute('select pg_sleep(random() * 0.004)')
      })
    }
  }
  await Promise.all([1, 2, 3, 4, 5].map(writer))
}

it('gives every reader what five writers commit at once, in one order, each row once', async () => {
  const early = readToEnd(beginning)
  await writeAtOnce('first', 20)
  const late = readToEnd(beginning)
  await writeAtOnce('second', 20)
  await append(database.store, [END])
  const written = await log()
  expect(written).toHaveLength(new Set(written).size)
  expect((await early).map(nameOf)).toEqual(written)
  expect((await late).map(nameOf)).toEqual(written)

  const middle = (await early)[Math.floor(written.length / 2)]
  const resumed = await readToEnd(middle?.cursor ?? beginning)
  expect(resumed.map(nameOf)).toEqual(written.slice(Math.floor(written.length / 2) + 1))
})

it('goes on where it was when every connection to the database is lost, again and again', async () => {
  const { rows } = await database.store.pool.query<{ transaction: string; position: string }>(
    `select a.transaction::text, a.position::text from activities a order by a.transaction desc, a.position desc limit 1`,
  )
  const from = rows[0] ?? beginning
  const before = (await log()).length
  const reading = readToEnd(from)
  // A writer whose connection is lost does not know whether it committed: the log does.
  const writing = writeAtOnce('lost', 40, (...write) => append(...write).catch(() => {}))
  const name = new URL(database.url).pathname.slice(1)
  for (let time = 0; time < 5; time++)
    await statement(
      ownServer().url,
      `select pg_terminate_backend(pid), pg_sleep(0.03) from pg_stat_activity where datname = '${name}'`,
    )
  await writing
  await append(database.store, [END])
  expect((await reading).map(nameOf)).toEqual((await log()).slice(before))
})
