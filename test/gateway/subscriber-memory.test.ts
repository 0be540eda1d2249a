import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { appendFacts } from '../../src/store/append-facts.ts'
import { drawFact, factOf } from '../bench/fanout/draw.ts'
import { Subscriber } from '../bench/fanout/subscriber.ts'
import { collectable, liveMemory } from '../bench/support/usage.ts'
import { useDatabase } from '../support/database.ts'
import { startProcess } from './support/process.ts'

const database = useDatabase()
const SUBSCRIBERS = 1_000
/** Measured: 6 kB, of which a WebSocket that nobody speaks to takes 2.7. */
const MOST_KB = 8

test('a subscriber takes at most 8 kB of a replica, in objects and buffers', { timeout: 60_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'jit-gateway-memory-'))
  const gateway = await startProcess({
    ...collectable,
    ROLES: 'api',
    DATABASE_URL: database.url,
    DATA_DIR: folder,
    OPERATIONS_PER_SECOND: '1000000',
    AZURE_CREDENTIAL: 'managed-identity',
  })
  try {
    const [, token = ''] = /^ {2}(ey\S+)$/m.exec(gateway.told()) ?? []
    const endpoint = { port: Number(new URL(gateway.url).port), path: '/graphql', token, ownIds: true }
    const faults: string[] = []
    const connect = async (count: number) => {
      const made: Subscriber[] = []
      for (let first = 0; first < count; first += 100) {
        const some = Array.from({ length: Math.min(100, count - first) }, (_, index) => {
          const fault = (message: string) => void faults.push(message)
          return new Subscriber(endpoint, `subscriber-${String(first + index)}`, () => {}, fault)
        })
        await Promise.all(some.map((each) => each.subscribed()))
        made.push(...some)
      }
      return made
    }
    let sequence = 0
    /** Everybody is served when everybody was sent an event. */
    const allServed = (subscribers: readonly Subscriber[]) =>
      vi.waitFor(
        async () => {
          const fact = factOf(drawFact(1, (sequence += 1), 1), sequence)
          await database.store.db.transaction((tx) => appendFacts(tx, [fact]))
          expect(subscribers.every(({ frames }) => frames > 0)).toBe(true)
        },
        { timeout: 20_000, interval: 100 },
      )
    // What is loaded and compiled for the first ones is no subscriber's.
    const first = await connect(50)
    await allServed(first)
    for (const one of first) one.leave()
    const liveKb = async () => (await liveMemory(gateway.child.pid ?? 0)).liveKb
    const before = await liveKb()
    const all = await connect(SUBSCRIBERS)
    await allServed(all)
    const perSubscriber = ((await liveKb()) - before) / SUBSCRIBERS
    expect(faults).toEqual([])
    expect(all.every(({ closed }) => closed === null)).toBe(true)
    expect(perSubscriber).toBeGreaterThan(1)
    expect(perSubscriber).toBeLessThan(MOST_KB)
    for (const one of all) one.leave()
  } finally {
    await gateway.kill()
    await rm(folder, { recursive: true, force: true })
  }
})
