import { beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { announceEnds } from '../../src/commands/announce-ends.ts'
import { startDueRequests } from '../../src/commands/due-requests.ts'
import { extendGrant } from '../../src/commands/extend-grant.ts'
import { updatePolicy } from '../../src/commands/update-policy.ts'
import { silentLog } from '../../src/log/log.ts'
import { systemClock } from '../../src/time/clock.ts'
import { writeSettings } from '../../src/store/settings.ts'
import { admin, grantTo, protect, requester, vmId } from './support/estate.ts'
import { beginByHand } from './support/interleave.ts'
import { rows, storyOf } from './support/look.ts'
import { useDatabase } from '../support/database.ts'

const database = useDatabase()
const minute = 60_000
const announce = () => announceEnds(database.store, 100)
const announced = async (grantId: string) =>
  (await storyOf(database.store, grantId)).filter((kind) => kind === 'GrantEndsSoon').length
const extend = async (grantId: string, minutes: number) => {
  const asked = { grantId, durationSeconds: minutes * 60 }
  expect((await extendGrant({ store: database.store, viewer: requester }, asked)).userErrors).toEqual([])
}

let policyId = ''
beforeAll(async () => {
  policyId = await protect(database.store, 'web')
})
beforeEach(async () => {
  const { store } = database
  await writeSettings(store, { noticeSeconds: 300 })
  await store.pool.query('update policies set notice_seconds = null')
  await store.pool.query(
    `update grants set state = 'CLOSING', end_reason = 'REVOKED', closing_at = gateway_now() where state = 'ACTIVE'`,
  )
})

/** A grant that is open from now on, for so many minutes. */
async function open(minutes: number): Promise<string> {
  const grantId = await grantTo(database.store, requester, 'web')
  await database.store.pool.query(
    `update grants set state = 'ACTIVE', activated_at = gateway_now(), ends_at = gateway_now() + make_interval(mins => $2)
     where id = $1`,
    [grantId, minutes],
  )
  return grantId
}

describe('the end of a grant', () => {
  it('is announced some time before, once, with the extension that its holder may take', async () => {
    const grantId = await open(30)
    await database.advance(25 * minute - 2_000)
    await announce()
    expect(await announced(grantId)).toBe(0)
    await database.advance(2_000)
    await announce()
    await announce()
    const facts = await rows<any>(
      database.store,
      `select actor_id, requester_id, vm_id, detail, extract(epoch from at) as at from activities
       where grant_id = $1 and kind = 'GrantEndsSoon'`,
      [grantId],
    )
    expect(facts).toMatchObject([
      {
        actor_id: 'gateway',
        requester_id: 'rob',
        vm_id: vmId('web'),
        detail: { state: 'ACTIVE', port: 22, extension: { longestSeconds: 10_800 } },
      },
    ])
    const [{ at, detail }] = facts
    expect(Date.parse(detail.extension.until) / 1_000 - at).toBeCloseTo(10_800, -1)
    expect(Date.parse(detail.endsAt) / 1_000 - at).toBeGreaterThan(290)
  })

  it('that an extension gives it is announced as well', async () => {
    const grantId = await open(30)
    await database.advance(26 * minute)
    await announce()
    await extend(grantId, 30)
    await announce()
    expect(await announced(grantId)).toBe(1)
    await database.advance(26 * minute)
    await announce()
    await announce()
    expect(await announced(grantId)).toBe(2)
  })

  it('that an extension took away is not', async () => {
    const grantId = await open(30)
    await extend(grantId, 120)
    await database.advance(26 * minute)
    await announce()
    expect(await announced(grantId)).toBe(0)
  })

  it.each([
    ['a window as long as the notice', 5, 0],
    ['a longer one', 6, 1],
  ])('of %s is announced accordingly', async (_what, minutes, times) => {
    const grantId = await open(minutes)
    await database.advance(2 * minute)
    await announce()
    expect(await announced(grantId)).toBe(times)
  })

  it('is not announced again by an extension that is shorter than the notice', async () => {
    const grantId = await open(10)
    await database.advance(8 * minute)
    await announce()
    await extend(grantId, 4)
    await database.advance(minute)
    await announce()
    expect(await announced(grantId)).toBe(1)
  })

  it('is announced as early as the gateway is configured to, or not at all', async () => {
    await writeSettings(database.store, { noticeSeconds: 600 })
    const early = await open(30)
    await writeSettings(database.store, { noticeSeconds: 0 })
    const never = await open(30)
    await database.advance(21 * minute)
    await announce()
    expect([await announced(early), await announced(never)]).toEqual([1, 0])
    await database.advance(8 * minute)
    await announce()
    expect(await announced(never)).toBe(0)
  })

  it('is announced as its policy says, where it says so', async () => {
    const notice = (beforeEndSeconds: number | null) =>
      updatePolicy(
        { store: database.store, viewer: admin },
        { policyIds: [policyId], noticeRule: { beforeEndSeconds } },
      )
    await notice(1_200)
    const early = await open(30)
    await notice(0)
    const never = await open(30)
    await notice(null)
    await database.advance(11 * minute)
    await announce()
    await database.advance(18 * minute)
    await announce()
    expect([await announced(early), await announced(never)]).toEqual([1, 0])
  })

  it('is announced without an extension when the policy allows none any more', async () => {
    const grantId = await open(30)
    const narrow = { port: 22, allowedSources: ['198.51.100.0/24'] }
    await updatePolicy({ store: database.store, viewer: admin }, { policyIds: [policyId], setPorts: [narrow] })
    await database.advance(26 * minute)
    await announce()
    await updatePolicy({ store: database.store, viewer: admin }, { policyIds: [policyId], setPorts: [{ port: 22 }] })
    const facts = await rows<any>(
      database.store,
      `select detail from activities where grant_id = $1 and kind = 'GrantEndsSoon'`,
      [grantId],
    )
    expect(facts).toMatchObject([{ detail: { extension: null } }])
  })

  it('is not announced when it has passed, however long nobody looked', async () => {
    const grantId = await open(30)
    await database.advance(31 * minute)
    await announce()
    expect(await announced(grantId)).toBe(0)
    expect(await rows(database.store, 'select notice_at from grants where id = $1', [grantId])).toEqual([
      { notice_at: null },
    ])
  })

  it('is announced once by any number of replicas that look at the same time', async () => {
    const grantIds = await Promise.all([1, 2, 3, 4, 5, 6].map(() => open(30)))
    await database.advance(26 * minute)
    await Promise.all([1, 2, 3, 4].map(() => announceEnds(database.store, 2)))
    await Promise.all([1, 2, 3].map(announce))
    for (const grantId of grantIds) expect(await announced(grantId)).toBe(1)
  })

  it('is announced by another replica when the one that took it is cut off', async () => {
    const grantId = await open(30)
    await database.advance(26 * minute)
    const byHand = await beginByHand(database.store)
    await byHand.query('update grants set notice_at = null where id = $1', [grantId])
    await announce()
    expect(await announced(grantId)).toBe(0)
    await byHand.query('rollback')
    await announce()
    expect(await announced(grantId)).toBe(1)
  })

  it('is what the gateway wakes up for, at that very moment', async () => {
    const { store, url } = database
    const due = startDueRequests({ store, url, clock: systemClock, log: silentLog, pollMs: 60_000 })
    onTestFinished(() => due.stop())
    const grantId = await open(30)
    await store.pool.query(
      `update grants set ends_at = gateway_now() + interval '5 minutes 300 milliseconds' where id = $1`,
      [grantId],
    )
    await store.pool.query(`select pg_notify('jit_due', '')`)
    await vi.waitFor(async () => expect(await announced(grantId)).toBe(1), { timeout: 5_000, interval: 20 })
  })
})
