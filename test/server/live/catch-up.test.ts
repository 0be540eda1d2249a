import { describe, expect, test } from 'vitest'
import type { Activity } from '../../../src/activity/activity.ts'
import { encodeCursor } from '../../../src/activity/cursor.ts'
import { person } from '../../graphql/support/context.ts'
import { handClock } from '../../support/clock.ts'
import { grantFact, handFeed, type HandFeed } from './support/hand-feed.ts'
import { HandStream } from './support/hand-stream.ts'
import { briefOf, fanOutOf, subscribe } from './support/subscribe.ts'

const rita = person('rita', 'READER')
const facts = (count: number) =>
  Array.from({ length: count }, (_, index) => grantFact('GrantOpening', { vm: `vm-${String(index)}` }))
const after = (fact: Activity | undefined) => ({ after: encodeCursor((fact as Activity).cursor) })
const turn = () => new Promise((resolve) => setImmediate(resolve))
const total = (streams: readonly HandStream[]) => streams.reduce((sum, { sent }) => sum + sent.length, 0)

/** So many streams that are served by `feed`. */
async function streamsOf(feed: HandFeed, count: number) {
  const clock = handClock()
  const fanOut = fanOutOf(feed, clock)
  const streams = Array.from({ length: count }, () => new HandStream())
  for (const stream of streams) await subscribe(fanOut, rita, { stream })
  return { clock, fanOut, streams }
}

describe('readers who catch up', () => {
  test('are sent little in one turn of the event loop, all of them together, however much they missed', async () => {
    const feed = handFeed()
    const { clock, streams } = await streamsOf(feed, 3)
    for (const stream of streams) stream.stall()
    feed.commit(...facts(900))
    await feed.drained()
    await clock.advance(5)
    for (const stream of streams) stream.resume()
    const steps: number[] = []
    for (let before = total(streams); before < 2_700; before = total(streams)) {
      await turn()
      steps.push(total(streams) - before)
    }
    const [first, ...others] = steps
    expect(first).toBeLessThanOrEqual(60)
    expect(Math.max(...others)).toBeLessThanOrEqual(20)
    for (const { sent } of streams) expect(sent.map(briefOf)).toEqual(facts(900).map(({ vmId }) => nameOf(vmId)))
  })

  test('are sent what is new with the others as soon as they have caught up, and nothing of it twice', async () => {
    const feed = handFeed()
    const { clock, streams } = await streamsOf(feed, 2)
    const [slow, fast] = streams as [HandStream, HandStream]
    slow.stall()
    feed.commit(...facts(100))
    await feed.drained()
    await clock.advance(5)
    slow.resume()
    // These wait to be sent to the other at the moment at which it has caught up.
    feed.commit(...facts(30))
    await feed.drained()
    await expect.poll(() => slow.sent.length).toBe(130)
    expect(fast.sent.length).toBe(100)
    await clock.advance(5)
    expect([slow.sent.length, fast.sent.length]).toEqual([130, 130])
  })

  test('read the log once for all who come back to the same place', async () => {
    const feed = handFeed()
    const history = facts(1_200)
    feed.commit(...history)
    const fanOut = fanOutOf(feed)
    const streams = Array.from({ length: 50 }, () => new HandStream())
    for (const stream of streams) await subscribe(fanOut, rita, { stream, variables: after(history[9]) })
    await expect.poll(() => total(streams), { timeout: 10_000 }).toBe(50 * 1_190)
    expect(feed.pages).toBeLessThanOrEqual(7)
  })

  test('read one page of it at a time, wherever they stand', async () => {
    const feed = handFeed()
    let [reading, most] = [0, 0]
    const counted: HandFeed = Object.assign(Object.create(feed) as HandFeed, {
      async history(...asked: Parameters<HandFeed['history']>) {
        most = Math.max(most, (reading += 1))
        return feed.history(...asked).finally(() => (reading -= 1))
      },
    })
    const history = facts(300)
    feed.commit(...history)
    const fanOut = fanOutOf(counted)
    const streams = history.slice(0, 20).map(() => new HandStream())
    await Promise.all(
      streams.map((stream, index) => subscribe(fanOut, rita, { stream, variables: after(history[index]) })),
    )
    await expect.poll(() => streams.every(({ sent }, index) => sent.length === 299 - index)).toBe(true)
    expect(most).toBe(1)
  })
})

const nameOf = (vmId: string | null) => `GRANT_OPENING of ${String(vmId?.split('/').at(-1))}`
