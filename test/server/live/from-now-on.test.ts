import { afterAll, beforeAll, expect, test } from 'vitest'
import { startFeed } from '../../../src/activity/feed.ts'
import { silentLog } from '../../../src/log/log.ts'
import { appendFacts, type NewFact } from '../../../src/store/append-facts.ts'
import { systemClock } from '../../../src/time/clock.ts'
import { person } from '../../graphql/support/context.ts'
import { useDatabase } from '../../support/database.ts'
import { grantFact } from './support/hand-feed.ts'
import { brief, fanOutOf, subscribe } from './support/subscribe.ts'

const database = useDatabase()
const rita = person('rita', 'READER')
let feed: ReturnType<typeof startFeed>
beforeAll(() => {
  feed = startFeed({ store: database.store, url: database.url, clock: systemClock, log: silentLog })
})
afterAll(() => feed.stop())

/** Commits the opening of a grant to a machine, once `before` is done. */
const open = (vm: string, before = async () => {}) =>
  database.store.db.transaction(async (tx) => {
    const { cursor: _cursor, at: _at, ...fact } = grantFact('GrantOpening', { vm })
    await appendFacts(tx, [fact as NewFact])
    await before()
  })

test('a subscription is sent what is committed from then on, though it began earlier, and nothing from before, though it is shown later', async () => {
  const fanOut = fanOutOf(feed)
  const first = await subscribe(fanOut, rita)
  await open('mark')
  expect(brief(await first.next())).toBe('GRANT_OPENING of mark')
  let later: typeof first | undefined
  await open('begun before', async () => {
    // Committed, but not yet shown to anybody: an older transaction is open.
    await open('committed before')
    later = await subscribe(fanOut, rita)
  })
  await open('after')
  const next = async (stream: typeof first | undefined) =>
    brief((await stream?.next()) ?? { done: true, value: undefined })
  expect([await next(first), await next(first), await next(first)]).toEqual([
    'GRANT_OPENING of begun before',
    'GRANT_OPENING of committed before',
    'GRANT_OPENING of after',
  ])
  expect([await next(later), await next(later)]).toEqual(['GRANT_OPENING of begun before', 'GRANT_OPENING of after'])
  await Promise.all([first.return?.(), later?.return?.()])
})
