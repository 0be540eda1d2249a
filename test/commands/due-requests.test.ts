import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { disableJit } from '../../src/commands/disable-jit.ts'
import { startDueRequests } from '../../src/commands/due-requests.ts'
import { lapseOverdue } from '../../src/commands/lapse-requests.ts'
import { revokeGrant } from '../../src/commands/revoke-grant.ts'
import { startScheduled } from '../../src/commands/start-scheduled.ts'
import { updatePolicy } from '../../src/commands/update-policy.ts'
import { withdrawRequest } from '../../src/commands/withdraw-request.ts'
import { silentLog } from '../../src/log/log.ts'
import { systemClock } from '../../src/time/clock.ts'
import { useDatabase } from '../support/database.ts'
import {
  ann,
  askFor,
  awaitedFor,
  decide,
  outcomeOf,
  protectOn,
  rule,
  storyOfRequest,
  user,
} from './support/approvals.ts'
import { admin, boundaryId, operator, protect, requester, vmId } from './support/estate.ts'
import { dueOf, endOfLog, everything, factsAfter, grantOf, rows, told } from './support/look.ts'

const database = useDatabase()
const outcome = (requestId: string) => outcomeOf(database.store, requestId)
const HOUR = 3_600_000
const later = async (ms: number) => {
  const [now] = await rows<{ at: Date }>(database.store, 'select gateway_now() as at')
  return new Date((now?.at.getTime() ?? 0) + ms)
}
const lapse = () => lapseOverdue(database.store, 100)
const start = () => startScheduled(database.store, 100)

beforeAll(async () => {
  const { store } = database
  const impatient = { ...rule(1, user('ann')), decideWithinSeconds: 3_600 }
  await protectOn(store, 'one', { approvalRule: rule(1, user('ann')) })
  await protectOn(store, 'quick', { approvalRule: impatient })
  await protect(store, 'free')
})

describe('a request that nobody decides', () => {
  it('lapses when its time is over, and not before', async () => {
    const { requestId, grantIds } = await askFor(database.store, 'quick')
    await database.advance(HOUR - 5_000)
    expect(await lapse()).toBe(0)
    await database.advance(5_000)
    const end = await endOfLog(database.store)
    expect(await lapse()).toBe(1)
    expect(await outcome(requestId)).toEqual({ status: 'LAPSED', grants: ['CLOSED LAPSED'] })
    expect(await awaitedFor(database.store, requestId)).toEqual([])
    expect(await factsAfter(database.store, end)).toMatchObject([
      { kind: 'RequestLapsed', actor_id: 'gateway', detail: { status: 'LAPSED', reason: 'Nobody decided in time.' } },
      { kind: 'GrantClosed', grant_id: grantIds[0], actor_id: 'gateway', detail: { endReason: 'LAPSED' } },
    ])
    expect(await lapse()).toBe(0)
  })

  it('waits a day when its policy does not say, and as long as the most impatient of several policies does', async () => {
    const [slow, both] = [await askFor(database.store, 'one'), await askFor(database.store, ['one', 'quick'])]
    await database.advance(HOUR)
    expect(await lapse()).toBe(1)
    expect([(await outcome(slow.requestId)).status, (await outcome(both.requestId)).status]).toEqual([
      'PENDING_APPROVAL',
      'LAPSED',
    ])
    await database.advance(23 * HOUR)
    await lapse()
    expect((await outcome(slow.requestId)).status).toBe('LAPSED')
  })

  it('lapses with the absolute end that it asked for', async () => {
    const { requestId } = await askFor(database.store, 'one', { endsAt: await later(600_000) })
    await database.advance(600_000)
    await lapse()
    expect(await outcome(requestId)).toEqual({ status: 'LAPSED', grants: ['CLOSED LAPSED'] })
  })

  it('cannot be decided or withdrawn when its time is over, even before anybody noticed', async () => {
    const [decided, withdrawn] = [await askFor(database.store, 'quick'), await askFor(database.store, 'quick')]
    await database.advance(HOUR)
    expect(await decide(database.store, ann, decided.requestId, 'APPROVED')).toMatchObject({
      counted: false,
      userErrors: [],
    })
    const answer = await withdrawRequest(
      { store: database.store, viewer: requester },
      { requestId: withdrawn.requestId },
    )
    expect(told(answer.userErrors)).toEqual(['CONFLICT at requestId'])
    for (const { requestId } of [decided, withdrawn])
      expect(await outcome(requestId)).toEqual({ status: 'LAPSED', grants: ['CLOSED LAPSED'] })
    expect(await storyOfRequest(database.store, decided.requestId)).toEqual([
      'AccessRequested',
      'GrantRequested',
      'RequestLapsed',
      'GrantClosed',
      'ApprovalDecided',
    ])
  })

  it('is one of many that lapse by one batch after the other', async () => {
    for (let n = 0; n < 5; n++) await askFor(database.store, 'quick')
    await database.advance(HOUR)
    expect([await lapseOverdue(database.store, 3), await lapseOverdue(database.store, 3)]).toEqual([3, 2])
  })
})

describe('access for later', () => {
  it('is SCHEDULED, and opened when its moment has come by the clock of the database', async () => {
    const startsAt = await later(HOUR)
    const { requestId, grantIds } = await askFor(database.store, 'free', { startsAt })
    expect(await outcome(requestId)).toEqual({ status: 'APPROVED', grants: ['SCHEDULED'] })
    expect(await storyOfRequest(database.store, requestId)).toEqual(['AccessRequested', 'GrantScheduled'])
    await database.advance(HOUR - 5_000)
    expect(await start()).toBe(0)
    const due = await dueOf(database.store, boundaryId('front'))
    await database.advance(5_000)
    expect(await start()).toBe(1)
    const grant = await grantOf(database.store, grantIds[0] ?? '')
    expect(grant).toMatchObject({ state: 'OPENING', duration_seconds: 600, ends_at: null })
    expect(grant.open_by.getTime() - startsAt.getTime()).toBeGreaterThanOrEqual(600_000)
    expect((await dueOf(database.store, boundaryId('front'))).times).toBe(due.times + 1)
    expect((await storyOfRequest(database.store, requestId)).at(-1)).toBe('GrantOpening')
  })

  it('begins at most thirty days ahead, after now, and ends after it begins', async () => {
    const refusal = async (more: object) => {
      await expect(askFor(database.store, 'free', more)).rejects.toThrow()
      return askFor(database.store, 'free', more).catch((error: Error) => JSON.parse(error.message)[0].field.join())
    }
    expect(await refusal({ startsAt: await later(-1_000) })).toBe('startsAt')
    expect(await refusal({ startsAt: await later(30 * 24 * HOUR + 60_000) })).toBe('startsAt')
    expect(await refusal({ startsAt: await later(HOUR), endsAt: await later(HOUR) })).toBe('endsAt')
    await askFor(database.store, 'free', { startsAt: await later(30 * 24 * HOUR - 60_000) })
  })

  it('with an absolute end lasts from its beginning to its end, within the maximum of the policy', async () => {
    const startsAt = await later(24 * HOUR)
    const window = { startsAt, endsAt: new Date(startsAt.getTime() + 3 * HOUR) }
    const { requestId, grantIds } = await askFor(database.store, 'free', window)
    await expect(askFor(database.store, 'free', { ...window, endsAt: await later(28 * HOUR) })).rejects.toThrow(
      'DURATION',
    )
    await database.advance(24 * HOUR)
    await start()
    expect(await outcome(requestId)).toMatchObject({ grants: ['OPENING'] })
    expect(await grantOf(database.store, grantIds[0] ?? '')).toMatchObject({
      ends_at: window.endsAt,
      latest_end: window.endsAt,
    })
  })

  it('whose window passed while nobody could open it is closed unopened', async () => {
    const { requestId } = await askFor(database.store, 'free', {
      startsAt: await later(HOUR),
      endsAt: await later(2 * HOUR),
    })
    await database.advance(2 * HOUR)
    await start()
    expect(await outcome(requestId)).toEqual({ status: 'APPROVED', grants: ['CLOSED LAPSED'] })
  })

  it('is asked of the policy again when its moment comes', async () => {
    const { store } = database
    const policyId = await protect(store, 'changing')
    const { requestId, grantIds } = await askFor(store, 'changing', { startsAt: await later(HOUR) })
    await updatePolicy(
      { store, viewer: admin },
      { policyIds: [policyId], setPorts: [{ port: 22, allowedSources: ['10.0.0.0/8'] }] },
    )
    expect(await outcome(requestId)).toMatchObject({ grants: ['SCHEDULED'] })
    await database.advance(HOUR)
    await start()
    expect(await outcome(requestId)).toEqual({ status: 'APPROVED', grants: ['CLOSED POLICY_CHANGED'] })
    const [{ refusals } = { refusals: [] }] = await rows<{ refusals: object[] }>(
      store,
      'select refusals from grants where id = $1',
      [grantIds[0]],
    )
    expect(refusals).toMatchObject([{ constraint: 'SOURCE', allowed: ['10.0.0.0/8'], asked: '203.0.113.7/32' }])
  })

  it('ends at once when JIT is disabled, or somebody revokes it', async () => {
    const { store } = database
    await protect(store, 'ending')
    const startsAt = await later(HOUR)
    const [off, revoked] = [await askFor(store, 'ending', { startsAt }), await askFor(store, 'free', { startsAt })]
    await disableJit({ store, viewer: admin }, { vmIds: [vmId('ending')] })
    await revokeGrant({ store, viewer: operator }, { grantId: revoked.grantIds[0] ?? '' })
    expect(await outcome(off.requestId)).toEqual({ status: 'APPROVED', grants: ['CLOSED POLICY_CHANGED'] })
    expect(await outcome(revoked.requestId)).toEqual({ status: 'APPROVED', grants: ['CLOSED REVOKED'] })
    await database.advance(HOUR)
    const before = await everything(store)
    expect(await start()).toBe(0)
    expect(await everything(store)).toEqual(before)
  })

  it('that needs approval is scheduled by the last approval, or opened at once when its beginning has passed', async () => {
    const startsAt = await later(HOUR)
    const [early, late] = [
      await askFor(database.store, 'one', { startsAt }),
      await askFor(database.store, 'one', { startsAt }),
    ]
    await decide(database.store, ann, early.requestId, 'APPROVED')
    expect(await outcome(early.requestId)).toEqual({ status: 'APPROVED', grants: ['SCHEDULED'] })
    expect((await storyOfRequest(database.store, early.requestId)).slice(2)).toEqual([
      'ApprovalDecided',
      'RequestApproved',
      'GrantScheduled',
    ])
    await database.advance(HOUR)
    await decide(database.store, ann, late.requestId, 'APPROVED')
    expect(await outcome(late.requestId)).toEqual({ status: 'APPROVED', grants: ['OPENING'] })
  })
})

describe('the loop that does what is due', () => {
  let loops: { stop(): Promise<void> }[] = []
  afterEach(() => Promise.all(loops.splice(0).map((loop) => loop.stop())))
  const run = () => {
    const { store, url } = database
    loops = [0, 1].map(() => startDueRequests({ store, url, clock: systemClock, log: silentLog, pollMs: 20, batch: 3 }))
  }

  it('opens what is scheduled and lets lapse what nobody decided, with two of it running, each once', async () => {
    const startsAt = await later(HOUR)
    const scheduled = await Promise.all([0, 1, 2, 3, 4, 5, 6].map(() => askFor(database.store, 'free', { startsAt })))
    const waiting = await Promise.all([0, 1, 2, 3, 4, 5, 6].map(() => askFor(database.store, 'quick')))
    run()
    await database.advance(HOUR)
    await vi.waitFor(async () => {
      for (const { requestId } of scheduled) expect(await outcome(requestId)).toMatchObject({ grants: ['OPENING'] })
      for (const { requestId } of waiting) expect(await outcome(requestId)).toMatchObject({ status: 'LAPSED' })
    })
    for (const { requestId } of scheduled)
      expect(await storyOfRequest(database.store, requestId)).toEqual([
        'AccessRequested',
        'GrantScheduled',
        'GrantOpening',
      ])
    for (const { requestId } of waiting)
      expect(await storyOfRequest(database.store, requestId)).toEqual([
        'AccessRequested',
        'GrantRequested',
        'RequestLapsed',
        'GrantClosed',
      ])
  })

  it('takes up what was due while nobody ran', async () => {
    const { requestId } = await askFor(database.store, 'free', { startsAt: await later(HOUR) })
    await database.advance(2 * HOUR)
    run()
    await vi.waitFor(async () => expect(await outcome(requestId)).toMatchObject({ grants: ['OPENING'] }))
  })
})
