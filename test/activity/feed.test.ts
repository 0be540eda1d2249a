import { once } from 'node:events'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Cursor } from '../../src/activity/activity.ts'
import { startFeed } from '../../src/activity/feed.ts'
import { silentLog } from '../../src/log/log.ts'
import { openStore, type OpenStore } from '../../src/store/open.ts'
import { systemClock, type Clock } from '../../src/time/clock.ts'
import { useDatabase } from '../support/database.ts'
import { append, nameOf, take } from './facts.ts'

const database = useDatabase()
let feed: ReturnType<typeof startFeed>
let gone: AbortController
/** The feed's own connection: one, so that a statement of the test's on it comes after those of the feed. */
let feedStore: OpenStore
/** Timers of the feed that wait. */
let timers = 0

const clock: Clock = {
  now: () => systemClock.now(),
  after(delayMs, run) {
    timers += 1
    const cancel = systemClock.after(delayMs, () => {
      timers -= 1
      waiting = false
      run()
    })
    let waiting = true
    return () => {
      if (waiting) timers -= 1
      waiting = false
      cancel()
    }
  },
}

beforeAll(async () => {
  feedStore = await openStore(database.url, { connections: 1 })
  feed = startFeed({ store: feedStore, url: database.url, clock, log: silentLog, queueRows: 10, pageRows: 7 })
})
afterAll(async () => {
  await feed.stop()
  await feedStore.close()
})
beforeEach(() => {
  gone = new AbortController()
})
afterEach(() => gone.abort())

const read = (after: Cursor) => feed.read(after, gone.signal)

/** A reader of what is committed from now on; answers when it has begun. */
const readLive = async () => {
  const now = await feed.now(gone.signal)
  if (now === null) throw new Error('the feed was stopped')
  return (async function* () {
    for await (const row of read(now.start)) if (!now.holds(row.cursor.transaction)) yield row
  })()
}

/** The feed has read the log, from a moment after this call. */
const feedLooked = async () => {
  // The first statement to end may have begun before.
  for (let looks = 0; looks < 2; looks++) await once(feedStore.pool, 'release')
}

const beginning: Cursor = { transaction: '0', position: '0' }

const endOfLog = async () => {
  const { rows } = await database.store.pool.query<Cursor>(
    `select a.transaction::text, a.position::text from activities a order by a.transaction desc, a.position desc limit 1`,
  )
  return rows[0] ?? beginning
}

const names = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix}-${index}`)

describe('a live reader', () => {
  it('is given what is committed after it began, in order, and nothing from before', async () => {
    await append(database.store, ['before'])
    const stream = await readLive()
    await append(database.store, ['one', 'two'])
    await append(database.store, ['three'])
    expect((await take(stream, 3)).map(nameOf)).toEqual(['one', 'two', 'three'])
  })

  it('is given a fact as it was appended', async () => {
    const stream = await readLive()
    await append(database.store, ['production'])
    expect(await take(stream, 1)).toEqual([
      {
        cursor: { transaction: expect.stringMatching(/^\d+$/), position: expect.stringMatching(/^\d+$/) },
        at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        kind: 'AccountRegistered',
        actor: { kind: 'GATEWAY', id: 'gateway', name: 'JIT Gateway' },
        accountId: null,
        resourceGroupId: null,
        vmId: null,
        boundaryId: null,
        policyId: null,
        requestId: null,
        grantId: null,
        requesterId: null,
        correlationId: null,
        detail: { name: 'production' },
      },
    ])
  })

  it('is never given what was rolled back', async () => {
    const stream = await readLive()
    const rolledBack = append(database.store, ['never'], () => Promise.reject(new Error('changed my mind')))
    await expect(rolledBack).rejects.toThrow('changed my mind')
    await append(database.store, ['ever'])
    expect((await take(stream, 1)).map(nameOf)).toEqual(['ever'])
  })
})

describe('two transactions that commit in another order than they began', () => {
  it('are both given, each at its place', async () => {
    const stream = await readLive()
    await append(database.store, ['mark'])
    const [mark] = await take(stream, 1)
    await append(database.store, ['first to begin'], async () => {
      await append(database.store, ['first to commit'])
      await feedLooked()
    })
    expect((await take(stream, 2)).map(nameOf)).toEqual(['first to begin', 'first to commit'])
    const resumed = await take(read(mark?.cursor ?? beginning), 2)
    expect(resumed.map(nameOf)).toEqual(['first to begin', 'first to commit'])
  })

  it('leave out neither for a reader that begins between them, which is not given the one it came too late for', async () => {
    let stream: ReturnType<typeof read> | undefined
    await append(database.store, ['open'], async () => {
      await append(database.store, ['committed before'])
      stream = await readLive()
    })
    await append(database.store, ['after'])
    expect((await take(stream ?? read(beginning), 2)).map(nameOf)).toEqual(['open', 'after'])
  })
})

describe('a reader with a cursor', () => {
  it('goes on from anywhere without a gap and without a row twice, into what is live', async () => {
    const stream = await readLive()
    await append(database.store, names('page', 12))
    await append(database.store, names('more', 5))
    const log = await take(stream, 17)
    for (const [index, row] of log.entries()) {
      const rest = await take(read(row.cursor), log.length - index - 1)
      expect(rest.map(nameOf)).toEqual(log.slice(index + 1).map(nameOf))
    }
    const next = take(read(log.at(-1)?.cursor ?? beginning), 1)
    await append(database.store, ['live'])
    expect((await next).map(nameOf)).toEqual(['live'])
  })

  it('is given the whole log from the beginning of time', async () => {
    const { rows } = await database.store.pool.query<{ name: string }>(
      `select detail ->> 'name' as name from activities a order by a.transaction, a.position`,
    )
    const log = await take(read(beginning), rows.length)
    expect(log.map(nameOf)).toEqual(rows.map((row) => row.name))
  })
})

describe('a reader that falls behind', () => {
  it('is served from the log and comes back to what is live, with no gap and no row twice', async () => {
    const slow = await readLive()
    const brisk = await readLive()
    await append(database.store, ['begun'])
    await take(slow, 1)
    const many = names('many', 95)
    const live = take(brisk, 96)
    for (let from = 0; from < many.length; from += 5) await append(database.store, many.slice(from, from + 5))
    // The brisk reader was offered everything by now, and so was the slow one, whose queue holds ten.
    expect((await live).map(nameOf)).toEqual(['begun', ...many])
    expect((await take(slow, 95)).map(nameOf)).toEqual(many)
    await append(database.store, ['caught up'])
    expect((await take(slow, 1)).map(nameOf)).toEqual(['caught up'])
  })
})

describe('a reader whose signal is aborted', () => {
  const ended = { done: true, value: undefined }

  it('ends while it waits', async () => {
    const stream = await readLive()
    await append(database.store, ['waiting'])
    await take(stream, 1)
    const next = stream.next()
    gone.abort()
    expect(await next).toEqual(ended)
  })

  it('ends between two rows of a page', async () => {
    const stream = await readLive()
    await append(database.store, ['one', 'two'])
    await take(stream, 1)
    gone.abort()
    expect(await stream.next()).toEqual(ended)
  })

  it('ends at once when it was aborted before', async () => {
    gone.abort()
    expect(await feed.now(gone.signal)).toBeNull()
    expect(await read(beginning).next()).toEqual(ended)
  })

  it('leaves nothing behind, even when nobody asks it for another row: the log is looked at no more', async () => {
    const stream = await readLive()
    await append(database.store, ['one'])
    await take(stream, 1)
    await expect.poll(() => timers).toBe(1)
    gone.abort()
    await expect.poll(() => timers).toBe(0)
  })
})

it('ends every reader when it is stopped', async () => {
  const other = startFeed({ store: database.store, url: database.url, clock: systemClock, log: silentLog })
  const next = other.read(await endOfLog(), gone.signal).next()
  await other.stop()
  expect(await next).toEqual({ done: true, value: undefined })
})
