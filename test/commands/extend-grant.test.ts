import { beforeAll, describe, expect, it } from 'vitest'
import { actions } from '../../src/access/role.ts'
import { disableJit } from '../../src/commands/disable-jit.ts'
import { extendGrant, type ExtendGrantInput } from '../../src/commands/extend-grant.ts'
import { updatePolicy } from '../../src/commands/update-policy.ts'
import { useDatabase } from '../support/database.ts'
import {
  account,
  admin,
  boundaryId,
  grantTo,
  group,
  nobody,
  operator,
  person,
  protect,
  requester,
  vmId,
} from './support/estate.ts'
import { refuseWrites } from './support/interleave.ts'
import { dueOf, endOfLog, everything, factsAfter, grantOf, rows, told } from './support/look.ts'

const database = useDatabase()
const extend = (grantId: string, input: Partial<ExtendGrantInput> = {}, viewer = requester) =>
  extendGrant({ store: database.store, viewer }, { grantId, ...input })

let policyId = ''
beforeAll(async () => {
  policyId = await protect(database.store, 'web', [
    { port: 22, maximumDurationSeconds: 3_600, allowedSources: ['203.0.113.0/24'] },
  ])
})

/** A grant that is open since now, for ten minutes. */
async function openGrant(name = 'web', viewer = requester): Promise<string> {
  const { store } = database
  const grantId = await grantTo(store, viewer, name)
  await store.pool.query(
    `update grants set state = 'ACTIVE', activated_at = gateway_now(), ends_at = gateway_now() + interval '10 minutes'
     where id = $1`,
    [grantId],
  )
  return grantId
}

/** In how many seconds from now the grant ends. */
async function left(grantId: string): Promise<number> {
  const [row] = await rows<{ left: number }>(
    database.store,
    'select extract(epoch from ends_at - gateway_now())::float8 as left from grants where id = $1',
    [grantId],
  )
  return row?.left ?? Number.NaN
}

/** That it is this many seconds, give or take what a busy machine needs. */
const about = (seconds: number, actual: number) => {
  expect(actual).toBeLessThanOrEqual(seconds)
  expect(actual).toBeGreaterThan(seconds - 20)
}

describe('extending a grant', () => {
  it('moves its end, says so, and has the rules name the new end', async () => {
    const { store } = database
    const grantId = await openGrant()
    const before = await grantOf(store, grantId)
    const [due, end] = [await dueOf(store, boundaryId('front')), await endOfLog(store)]
    const { requestId, userErrors } = await extend(grantId, { durationSeconds: 1_800, justification: ' still busy ' })
    expect(userErrors).toEqual([])
    about(1_800, await left(grantId))
    const after = await grantOf(store, grantId)
    expect(after).toMatchObject({ state: 'ACTIVE', end_reason: null, latest_end: after.ends_at })
    const about_ = {
      actor_id: 'rob',
      requester_id: 'rob',
      grant_id: grantId,
      request_id: requestId,
      vm_id: vmId('web'),
    }
    expect(await factsAfter(store, end)).toMatchObject([
      {
        kind: 'AccessRequested',
        ...about_,
        detail: { justification: 'still busy', extends: grantId, grants: 0, status: 'APPROVED' },
      },
      {
        kind: 'GrantExtended',
        ...about_,
        account_id: account,
        resource_group_id: group,
        detail: {
          state: 'ACTIVE',
          port: 22,
          previousEndsAt: before.ends_at?.toISOString(),
          endsAt: after.ends_at?.toISOString(),
        },
      },
    ])
    expect((await dueOf(store, boundaryId('front'))).times).toBe(due.times + 1)
    expect(await rows(store, 'select * from extensions where request_id = $1', [requestId])).toMatchObject([
      { grant_id: grantId, duration_seconds: 1_800, ends_at: null, extended_to: after.ends_at },
    ])
  })

  it('lasts as long as the policy allows when nobody says how long', async () => {
    const grantId = await openGrant()
    expect((await extend(grantId)).userErrors).toEqual([])
    about(3_600, await left(grantId))
  })

  it('may name the end instead', async () => {
    const grantId = await openGrant()
    const endsAt = new Date(Date.now() + 1_200_000)
    expect((await extend(grantId, { endsAt })).userErrors).toEqual([])
    expect((await grantOf(database.store, grantId)).ends_at).toEqual(endsAt)
  })

  it('is measured from the moment of the extension, and can be had again and again', async () => {
    const grantId = await openGrant()
    for (const seconds of [3_600, 3_600]) {
      await database.advance(300_000)
      expect((await extend(grantId, { durationSeconds: seconds })).userErrors).toEqual([])
      about(3_600, await left(grantId))
    }
    const inSeconds = (seconds: number) => new Date(Date.now() + 600_000 + seconds * 1_000)
    const refused = await extend(grantId, { endsAt: inSeconds(3_700) })
    expect(refused.userErrors).toMatchObject([
      { code: 'POLICY_VIOLATION', constraint: 'DURATION', field: ['endsAt'], allowed: ['PT1H'] },
    ])
    await database.advance(-600_000)
  })

  it('gives its first answer again to a call that is repeated with its key', async () => {
    const grantId = await openGrant()
    const first = await extend(grantId, { durationSeconds: 900, idempotencyKey: 'once' })
    const before = await everything(database.store)
    expect(await extend(grantId, { durationSeconds: 900, idempotencyKey: 'once' })).toEqual(first)
    expect(await everything(database.store)).toEqual(before)
    expect(told((await extend(grantId, { durationSeconds: 901, idempotencyKey: 'once' })).userErrors)).toEqual([
      'CONFLICT at idempotencyKey',
    ])
  })

  it('writes nothing when its last statement fails', async () => {
    const grantId = await openGrant()
    const before = await everything(database.store)
    await refuseWrites(database.store, 'boundary_reconciles', 'update')
    await expect(extend(grantId)).rejects.toThrow()
    expect(await everything(database.store)).toEqual(before)
  })
})

describe('an extension is evaluated from zero', () => {
  it('so that a maximum that was lowered counts', async () => {
    const grantId = await openGrant()
    const context = { store: database.store, viewer: admin }
    const port = { port: 22, allowedSources: ['203.0.113.0/24'] }
    await updatePolicy(context, { policyIds: [policyId], setPorts: [{ ...port, maximumDurationSeconds: 1_200 }] })
    const { userErrors } = await extend(grantId, { durationSeconds: 1_201 })
    expect(userErrors).toMatchObject([
      { code: 'POLICY_VIOLATION', constraint: 'DURATION', field: ['duration'], allowed: ['PT20M'], asked: 'PT20M1S' },
    ])
    expect((await extend(grantId, { durationSeconds: 1_200 })).userErrors).toEqual([])
    await updatePolicy(context, { policyIds: [policyId], setPorts: [{ ...port, maximumDurationSeconds: 3_600 }] })
  })

  it('so that a source that is allowed no more counts, although the grant goes on', async () => {
    const grantId = await openGrant()
    const context = { store: database.store, viewer: admin }
    const narrow = { port: 22, allowedSources: ['198.51.100.0/24'], maximumDurationSeconds: 3_600 }
    await updatePolicy(context, { policyIds: [policyId], setPorts: [narrow] })
    expect((await extend(grantId)).userErrors).toMatchObject([
      { constraint: 'SOURCE', field: ['grantId'], asked: '203.0.113.7/32', allowed: ['198.51.100.0/24'] },
    ])
    expect(await grantOf(database.store, grantId)).toMatchObject({ state: 'ACTIVE' })
    await updatePolicy(context, {
      policyIds: [policyId],
      setPorts: [{ ...narrow, allowedSources: ['203.0.113.0/24'] }],
    })
  })

  it('so that whoever may no longer ask cannot', async () => {
    const grantId = await openGrant()
    expect((await extend(grantId, {}, person('rob', 'READER'))).userErrors).toMatchObject([
      { code: 'NOT_PERMITTED', action: actions.requestAccess },
    ])
  })

  it('so that it is too late once JIT is disabled', async () => {
    await protect(database.store, 'old')
    const grantId = await openGrant('old')
    await disableJit({ store: database.store, viewer: admin }, { vmIds: [vmId('old')] })
    expect(told((await extend(grantId)).userErrors)).toEqual(['CONFLICT at grantId'])
  })
})

describe('an extension is refused, with nothing written,', () => {
  const become = (grantId: string, state: string) =>
    database.store.pool.query(`update grants set state = $2::grant_state, end_reason = 'TIME_UP' where id = $1`, [
      grantId,
      state,
    ])
  const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1_000)
  const inputs: [string, () => Partial<ExtendGrantInput>, string][] = [
    ['that would end sooner', () => ({ durationSeconds: 300 }), 'INVALID_INPUT at duration'],
    ['to an end that is sooner', () => ({ endsAt: inSeconds(300) }), 'INVALID_INPUT at endsAt'],
    ['to an end that has passed', () => ({ endsAt: inSeconds(-1) }), 'INVALID_INPUT at endsAt'],
    ['for nine seconds', () => ({ durationSeconds: 9 }), 'INVALID_INPUT at duration'],
    ['to an end that is no moment', () => ({ endsAt: new Date(Number.NaN) }), 'INVALID_INPUT at endsAt'],
    [
      'for a duration and to an end',
      () => ({ durationSeconds: 900, endsAt: inSeconds(900) }),
      'INVALID_INPUT at endsAt',
    ],
    ['for longer than the maximum', () => ({ durationSeconds: 3_601 }), 'POLICY_VIOLATION at duration'],
    ['with 1001 characters of why', () => ({ justification: 'j'.repeat(1_001) }), 'LIMIT_EXCEEDED at justification'],
    ['with a key of no characters', () => ({ idempotencyKey: '' }), 'INVALID_INPUT at idempotencyKey'],
  ]
  it.each(inputs)('%s', async (_what, input, error) => {
    const grantId = await openGrant()
    const before = await everything(database.store)
    const answer = await extend(grantId, { ...input() })
    expect([answer.requestId, answer.grantId, ...told(answer.userErrors)]).toEqual([null, null, error])
    expect(await everything(database.store)).toEqual(before)
  })

  it.each([
    ['is not open yet', []],
    ['is being closed', ['CLOSING']],
    ['is closed', ['CLOSING', 'CLOSED']],
    ['could not be opened', ['OPEN_FAILED']],
  ])('of a grant that %s', async (_what, states) => {
    const grantId = await grantTo(database.store, requester, 'web')
    for (const state of states) await become(grantId, state)
    const before = await everything(database.store)
    expect(told((await extend(grantId)).userErrors)).toEqual(['CONFLICT at grantId'])
    expect(await everything(database.store)).toEqual(before)
  })

  it('of a grant whose end has passed, though nobody has closed it yet', async () => {
    const grantId = await openGrant()
    await database.store.pool.query('update grants set ends_at = gateway_now() where id = $1', [grantId])
    expect(told((await extend(grantId)).userErrors)).toEqual(['CONFLICT at grantId'])
  })

  it('to whoever does not hold it, and looks like no grant to whoever may not see it', async () => {
    const grantId = await openGrant()
    for (const viewer of [operator, admin])
      expect((await extend(grantId, {}, viewer)).userErrors).toMatchObject([{ code: 'NOT_PERMITTED' }])
    const stranger = person('rita', 'REQUESTER')
    expect(await extend(grantId, {}, stranger)).toEqual(await extend(nobody, {}, stranger))
    expect(told((await extend(grantId, {}, stranger)).userErrors)).toEqual(['NOT_FOUND at grantId'])
  })
})
