import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeCursor } from '../../../src/activity/cursor.ts'
import { handClock } from '../../support/clock.ts'
import { person } from '../../graphql/support/context.ts'
import { grantFact, handFeed } from './support/hand-feed.ts'
import { HandStream } from './support/hand-stream.ts'
import { fanOutOf, subscribe } from './support/subscribe.ts'

const rita = person('rita', 'READER')

/** What may happen, in any order; numbers choose among the subscribers, or the place to resume from. */
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('commit' as const), n: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('subscribe' as const), n: fc.nat() }) },
  fc.record({ do: fc.constant('stall' as const), n: fc.nat() }),
  fc.record({ do: fc.constant('resume' as const), n: fc.nat() }),
  fc.record({ do: fc.constant('leave' as const), n: fc.nat() }),
  fc.record({ do: fc.constant('wait' as const), n: fc.integer({ min: 1, max: 6 }) }),
)

/** A subscriber with the positions it was sent, and the first it must be sent. */
class Subscriber extends HandStream {
  readonly first: number

  constructor(first: number) {
    super()
    this.first = first
  }

  get seen(): number[] {
    return this.sent.map(({ text }) => {
      const { cursor } = (JSON.parse(text) as { data: { grantEvents: { cursor: string } } }).data.grantEvents
      return Number(Buffer.from(cursor, 'base64url').toString().split('.')[2])
    })
  }
}

test('every subscriber is sent each event behind its cursor once, in order, whatever happens in between', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const feed = handFeed()
      const clock = handClock()
      const fanOut = fanOutOf(feed, clock)
      const committed: ReturnType<typeof grantFact>[] = []
      const here: Subscriber[] = []
      for (const { do: what, n } of steps) {
        const one = here[n % Math.max(1, here.length)]
        if (what === 'commit') {
          const facts = Array.from({ length: n }, () => grantFact('GrantOpening', { vm: 'web' }))
          committed.push(...facts)
          feed.commit(...facts)
        } else if (what === 'subscribe') {
          const place = n % (committed.length + 1)
          const after = committed[place]
          const stream = new Subscriber(after === undefined ? committed.length : place + 1)
          const variables = after === undefined ? {} : { after: encodeCursor(after.cursor) }
          await subscribe(fanOut, rita, { variables, stream })
          here.push(stream)
        } else if (what === 'wait') {
          await feed.drained()
          await clock.advance(n)
        } else if (what === 'leave') {
          one?.resume()
          await one?.return()
          if (one !== undefined) here.splice(here.indexOf(one), 1)
        } else one?.[what]()
      }
      for (const one of here) one.resume()
      for (let turn = 0; turn < 20; turn += 1) {
        await feed.drained()
        await clock.advance(5)
      }
      for (const one of here) {
        const due = committed.slice(one.first).map(({ cursor }) => Number(cursor.position))
        expect(one.seen).toEqual(due)
      }
      for (const one of here) await one.return()
    }),
    { numRuns: 500 },
  )
})
