import { describe, expect, test } from 'vitest'
import type { Activity } from '../../../src/activity/activity.ts'
import { encodeCursor } from '../../../src/activity/cursor.ts'
import type { Result } from '../../../src/server/live/result.ts'
import type { Store } from '../../../src/store/store.ts'
import { handClock } from '../../support/clock.ts'
import { person } from '../../graphql/support/context.ts'
import { grantFact, handFeed, roleFact } from './support/hand-feed.ts'
import { HandStream } from './support/hand-stream.ts'
import { brief, briefOf, fanOutOf, subscribe } from './support/subscribe.ts'

const rita = person('rita', 'READER')
const next = async (stream: AsyncIterator<Result, undefined>) => (await stream.next()).value
const opened = (vm: string) => grantFact('GrantOpening', { vm })

describe('subscriptions of the same document and variables', () => {
  test('share one execution and one serialised payload, whoever may see the event', async () => {
    const feed = handFeed()
    const fanOut = fanOutOf(feed)
    const people = [rita, rita, person('ada', 'POLICY_ADMIN')]
    const streams = await Promise.all(people.map((viewer) => subscribe(fanOut, viewer)))
    feed.commit(opened('web'))
    const [first, ...others] = await Promise.all(streams.map(next))
    expect(briefOf(first as Result)).toBe('GRANT_OPENING of web')
    for (const other of others) expect(other).toBe(first)
    expect(fanOut.size).toEqual({ members: 3, groups: 1 })
  })

  test('are the same wherever they began', async () => {
    const feed = handFeed()
    const fanOut = fanOutOf(feed)
    const old = opened('old')
    feed.commit(old)
    const streams = [
      await subscribe(fanOut, rita),
      await subscribe(fanOut, rita, { variables: { after: encodeCursor(old.cursor) } }),
    ]
    await feed.drained()
    feed.commit(opened('web'))
    const [first, second] = await Promise.all(streams.map(next))
    expect(second).toBe(first)
    expect(fanOut.size).toEqual({ members: 2, groups: 1 })
  })

  test('are others with other variables', async () => {
    const feed = handFeed()
    const fanOut = fanOutOf(feed)
    const closed = await subscribe(fanOut, rita, { variables: { filter: { kinds: ['GRANT_CLOSED'] } } })
    const all = await subscribe(fanOut, rita)
    feed.commit(opened('web'), grantFact('GrantClosed', { vm: 'web' }))
    expect(brief(await all.next())).toBe('GRANT_OPENING of web')
    expect(brief(await closed.next())).toBe('GRANT_CLOSED of web')
    expect(fanOut.size.groups).toBe(2)
  })

  test("are each viewer's own where they show what is read under its authorisation", async () => {
    const feed = handFeed()
    const fanOut = fanOutOf(feed)
    const asked: string[] = []
    const storeOf = (name: string) =>
      ({ pool: { query: () => Promise.resolve({ rows: [(asked.push(name), [{ name }])] }) } }) as unknown as Store
    const text = 'subscription { grantEvents { kind virtualMachineId virtualMachine { name } } }'
    const people = ['rita', 'rita', 'ada']
    const streams = await Promise.all(
      people.map((name) => subscribe(fanOut, person(name, 'READER'), { text, store: storeOf(name) })),
    )
    feed.commit(opened('web'))
    const [first, same, other] = await Promise.all(streams.map(next))
    expect(same).toBe(first)
    expect(other).not.toBe(first)
    expect(JSON.parse((other as Result).text)).toMatchObject({
      data: { grantEvents: { virtualMachine: { name: 'rita' } } },
    })
    expect(asked).toHaveLength(2)
  })

  test('are told of their own address by who shows it: the same person may call from several places', async () => {
    const feed = handFeed()
    const fanOut = fanOutOf(feed)
    const source = (values: readonly unknown[]) => values.find((value) => String(value).endsWith('/32'))
    const query = ({ values }: { readonly values: readonly unknown[] }) =>
      Promise.resolve({ rows: [[{ connect: { source: source(values) } }]] })
    const store = { pool: { query } } as unknown as Store
    const text = 'subscription { grantEvents { virtualMachine { connect { source } } } }'
    const places = ['203.0.113.7', '198.51.100.9', '203.0.113.7']
    const streams = await Promise.all(places.map((address) => subscribe(fanOut, { ...rita, address }, { text, store })))
    feed.commit(opened('web'))
    const results = (await Promise.all(streams.map(next))) as Result[]
    expect(results.map((one) => JSON.parse(one.text).data.grantEvents.virtualMachine.connect.source)).toEqual(
      places.map((address) => `${address}/32`),
    )
    expect(results[2]).toBe(results[0])
    expect(fanOut.size.groups).toBe(2)
  })
})

/** What a stream was sent, in short, one list for each write. */
const writesOf = ({ writes }: HandStream) => writes.map((results) => results.map(briefOf))

describe('events that follow each other within 5 milliseconds', () => {
  test('are sent together, and the first of them at once', async () => {
    const feed = handFeed()
    const clock = handClock()
    const stream = new HandStream()
    await subscribe(fanOutOf(feed, clock), rita, { stream })
    feed.commit(opened('one'), opened('two'), opened('three'))
    await feed.drained()
    expect(writesOf(stream)).toEqual([['GRANT_OPENING of one']])
    await clock.advance(5)
    expect(writesOf(stream)).toEqual([['GRANT_OPENING of one'], ['GRANT_OPENING of two', 'GRANT_OPENING of three']])
    await clock.advance(5)
    feed.commit(opened('four'))
    await feed.drained()
    expect(writesOf(stream).at(-1)).toEqual(['GRANT_OPENING of four'])
  })
})

describe('a reader that does not keep up', () => {
  test('is sent nothing until it does, then what it missed, then what is new: all once, in order', async () => {
    const feed = handFeed()
    const clock = handClock()
    const fanOut = fanOutOf(feed, clock)
    const [slow, fast] = [new HandStream(), new HandStream()]
    for (const stream of [slow, fast]) await subscribe(fanOut, rita, { stream })
    slow.stall()
    for (let event = 0; event < 5_000; event += 1) feed.commit(opened(String(event)))
    await feed.drained()
    await clock.advance(5)
    expect(slow.sent.length).toBeLessThan(3)
    expect(fast.sent).toHaveLength(5_000)
    slow.resume()
    feed.commit(opened('last'))
    await expect.poll(() => slow.sent.length, { timeout: 10_000 }).toBe(5_001)
    await clock.advance(5)
    expect(writesOf(slow).flat()).toEqual(writesOf(fast).flat())
    expect(feed.pages).toBeGreaterThan(0)
  })

  test('is served with the others again once it has caught up', async () => {
    const feed = handFeed()
    const clock = handClock()
    const stream = new HandStream()
    await subscribe(fanOutOf(feed, clock), rita, { stream })
    stream.stall()
    feed.commit(opened('one'))
    await feed.drained()
    stream.resume()
    await feed.drained()
    await clock.advance(5)
    feed.commit(opened('two'))
    await feed.drained()
    expect(writesOf(stream)).toEqual([['GRANT_OPENING of one'], ['GRANT_OPENING of two']])
    expect(feed.pages).toBe(0)
  })
})

describe('a subscription that resumes', () => {
  const history = Array.from({ length: 1_200 }, (_, index) => opened(`vm-${String(index)}`))
  const after = (fact: Activity | undefined) => ({ variables: { after: encodeCursor((fact as Activity).cursor) } })

  test('is sent history, then live events', async () => {
    const feed = handFeed()
    feed.commit(...history)
    const stream = await subscribe(fanOutOf(feed), rita, after(history[9]))
    for (const fact of history.slice(10))
      expect(brief(await stream.next())).toBe(`GRANT_OPENING of ${String(fact.vmId?.split('/').at(-1))}`)
    feed.commit(opened('live'))
    expect(brief(await stream.next())).toBe('GRANT_OPENING of live')
  })

  test('is sent nothing that was judged by roles of before, at whatever moment they change', async () => {
    const text =
      'subscription ($after: String) { grantEvents(after: $after) { kind virtualMachineId virtualMachine { name } } }'
    const loops = async (count: number) => {
      for (let loop = 0; loop < count; loop += 1) await new Promise((resolve) => setImmediate(resolve))
    }
    const slow = { pool: { query: () => loops(4).then(() => ({ rows: [[{ name: 'x' }]] })) } } as unknown as Store
    for (let moment = 0; moment < 24; moment += 1) {
      const feed = handFeed()
      feed.commit(opened('seen'), grantFact('GrantOpening', { vm: 'web', requester: 'bob' }))
      let held = rita
      let told = false
      const reloadViewer = async () => {
        told = held !== rita
        await loops(6)
        return held
      }
      const variables = { after: encodeCursor({ transaction: '2', position: '0' }) }
      const late: string[] = []
      const stream = new (class extends HandStream {
        override send(results: readonly Result[]) {
          if (told) late.push(...results.map(briefOf))
        }
      })()
      await subscribe(fanOutOf(feed), rita, { text, variables, store: slow, context: { reloadViewer }, stream })
      await loops(moment)
      held = person('rita', null)
      feed.commit(roleFact('RoleRemoved'))
      await loops(20)
      expect([moment, late]).toEqual([moment, []])
      await stream.return?.()
    }
  })

  test('reads nothing from the log when it was away for a moment only', async () => {
    const feed = handFeed()
    const fanOut = fanOutOf(feed)
    await subscribe(fanOut, person('somebody-else', 'READER'))
    feed.commit(...history.slice(0, 100))
    await feed.drained()
    const streams = await Promise.all(Array.from({ length: 50 }, () => subscribe(fanOut, rita, after(history[90]))))
    for (const stream of streams) expect(brief(await stream.next())).toBe('GRANT_OPENING of vm-91')
    expect(feed.pages).toBe(0)
  })
})
