import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { startForgettingKeys } from '../../src/commands/forget-keys.ts'
import { silentLog } from '../../src/log/log.ts'
import { handClock } from '../support/clock.ts'
import { useDatabase } from '../support/database.ts'
import { rows } from './support/look.ts'

const database = useDatabase()
const keys = async () =>
  (await rows<{ key: string }>(database.store, 'select key from idempotency_keys order by key')).map(({ key }) => key)
const use = (key: string, ago: string) =>
  rows(
    database.store,
    `insert into idempotency_keys values ('ada', 'enableJit', $1, '', 'null', gateway_now() - $2::interval)`,
    [key, ago],
  )
const eventually = (expected: readonly string[]) =>
  vi.waitFor(async () => expect(await keys()).toEqual(expected), { timeout: 5_000, interval: 10 })

function start(batch?: number) {
  const clock = handClock()
  const forgetting = startForgettingKeys({ store: database.store, clock, log: silentLog, ...(batch && { batch }) })
  onTestFinished(() => forgetting.stop())
  return { clock, forgetting }
}

beforeEach(async () => {
  await rows(database.store, 'delete from idempotency_keys')
})

describe('an idempotency key', () => {
  it('is kept for seven days and deleted then', async () => {
    await use('kept', '6 days 23 hours 59 minutes')
    await use('over', '7 days 1 second')
    const { forgetting } = start()
    await forgetting.stop()
    expect(await keys()).toEqual(['kept'])
  })

  it('that comes of age later is deleted within an hour of that', async () => {
    await use('kept', '6 days 23 hours 30 minutes')
    const { clock } = start()
    await vi.waitFor(() => expect(clock.waiting).toBe(1), { timeout: 5_000, interval: 10 })
    expect(await keys()).toEqual(['kept'])
    await database.advance(3_600_000)
    await clock.advance(3_600_000)
    await eventually([])
  })

  it('is deleted however many there are, a batch after the other', async () => {
    for (const key of ['a', 'b', 'c', 'd', 'e']) await use(key, '8 days')
    const { clock } = start(2)
    for (const left of [3, 1, 0]) {
      await vi.waitFor(async () => expect([(await keys()).length, clock.waiting]).toEqual([left, 1]), {
        timeout: 5_000,
        interval: 10,
      })
      await clock.advance(1)
    }
  })
})
