import { beforeAll, describe, expect, it } from 'vitest'
import { releaseGrant } from '../../src/commands/release-grant.ts'
import { revokeGrant } from '../../src/commands/revoke-grant.ts'
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
  reader,
  requester,
  stranger,
  vmId,
} from './support/estate.ts'
import { beginByHand, refuseWrites, waiting } from './support/interleave.ts'
import { dueOf, endOfLog, everything, factsAfter, grantOf, storyOf } from './support/look.ts'

const database = useDatabase()
const release = (grantId: string, viewer = requester) => releaseGrant({ store: database.store, viewer }, { grantId })
const newGrant = () => grantTo(database.store, requester, 'web')
const become = (grantId: string, state: string) =>
  database.store.pool.query(`update grants set state = $2::grant_state, end_reason = 'TIME_UP' where id = $1`, [
    grantId,
    state,
  ])

beforeAll(() => protect(database.store, 'web'))

describe('releasing a grant', () => {
  it.each(['OPENING', 'ACTIVE'])('that is %s ends it, says so, and makes its boundaries due at once', async (state) => {
    const { store } = database
    const grantId = await newGrant()
    if (state === 'ACTIVE') await store.pool.query(`update grants set state = 'ACTIVE' where id = $1`, [grantId])
    const end = await endOfLog(store)
    expect(await release(grantId)).toEqual({ id: grantId, userErrors: [] })
    expect(await grantOf(store, grantId)).toMatchObject({
      state: 'CLOSING',
      end_reason: 'RELEASED',
      ended_by_id: 'rob',
      closing_at: expect.any(Date),
    })
    expect(await factsAfter(store, end)).toMatchObject([
      {
        kind: 'GrantClosing',
        actor_id: 'rob',
        grant_id: grantId,
        requester_id: 'rob',
        vm_id: vmId('web'),
        account_id: account,
        resource_group_id: group,
        detail: { state: 'CLOSING', port: 22, endReason: 'RELEASED' },
      },
    ])
    expect(await dueOf(store, boundaryId('front'))).toMatchObject({ urgent: true })
  })

  it('may be done again and again: it stays as it ended, and the log says so once', async () => {
    const grantId = await newGrant()
    await release(grantId)
    const before = await everything(database.store)
    expect(await release(grantId)).toEqual({ id: grantId, userErrors: [] })
    expect(await revokeGrant({ store: database.store, viewer: operator }, { grantId })).toMatchObject({
      userErrors: [],
    })
    expect(await everything(database.store)).toEqual(before)
  })

  it.each([
    ['CLOSED', ['CLOSING', 'CLOSED']],
    ['OPEN_FAILED', ['OPEN_FAILED']],
  ])('that is %s is a conflict', async (_state, states) => {
    const grantId = await newGrant()
    for (const state of states) await become(grantId, state)
    const before = await everything(database.store)
    expect(await release(grantId)).toMatchObject({ id: null, userErrors: [{ code: 'CONFLICT', field: ['grantId'] }] })
    expect(await everything(database.store)).toEqual(before)
  })

  it('is for its holder, whatever roles are left to them', async () => {
    const grantId = await newGrant()
    expect(await release(grantId, person('rob'))).toEqual({ id: grantId, userErrors: [] })
  })

  it('is for nobody else, not even for who may revoke it', async () => {
    const grantId = await newGrant()
    for (const viewer of [reader, operator, admin])
      expect(await release(grantId, viewer)).toMatchObject({ id: null, userErrors: [{ code: 'NOT_PERMITTED' }] })
    expect(await storyOf(database.store, grantId)).toEqual(['GrantOpening'])
  })

  it('tells whoever may not see the grant the same as of one that does not exist', async () => {
    const grantId = await newGrant()
    // A requester sees no grants but their own.
    for (const viewer of [stranger, person('rita', 'REQUESTER'), person('olaf', 'OPERATOR', vmId('db'))]) {
      const [hidden, missing] = [await release(grantId, viewer), await release(nobody, viewer)]
      expect(hidden).toMatchObject({ id: null, userErrors: [{ code: 'NOT_FOUND' }] })
      expect(hidden).toEqual(missing)
    }
  })

  it('writes nothing when its last statement fails', async () => {
    const grantId = await newGrant()
    const before = await everything(database.store)
    await refuseWrites(database.store, 'activities', 'insert')
    await expect(release(grantId)).rejects.toThrow()
    expect(await everything(database.store)).toEqual(before)
  })

  it('happens once when it is released twice at the same time', async () => {
    const grantId = await newGrant()
    const byHand = await beginByHand(database.store)
    await byHand.query('select 1 from grants where id = $1 for update', [grantId])
    const calls = [release(grantId), release(grantId)]
    await waiting(database.store, 2)
    await byHand.query('commit')
    expect(await Promise.all(calls)).toEqual([
      { id: grantId, userErrors: [] },
      { id: grantId, userErrors: [] },
    ])
    expect(await storyOf(database.store, grantId)).toEqual(['GrantOpening', 'GrantClosing'])
  })

  it('is a conflict when its opening is found to have failed a moment before', async () => {
    const grantId = await newGrant()
    const byHand = await beginByHand(database.store)
    await byHand.query(`update grants set state = 'OPEN_FAILED' where id = $1`, [grantId])
    const released = release(grantId)
    await waiting(database.store)
    await byHand.query('commit')
    expect(await released).toMatchObject({ id: null, userErrors: [{ code: 'CONFLICT' }] })
  })

  it('is still possible when the grant opens a moment before', async () => {
    const grantId = await newGrant()
    const byHand = await beginByHand(database.store)
    await byHand.query(`update grants set state = 'ACTIVE', activated_at = gateway_now() where id = $1`, [grantId])
    const released = release(grantId)
    await waiting(database.store)
    await byHand.query('commit')
    expect(await released).toEqual({ id: grantId, userErrors: [] })
    expect(await grantOf(database.store, grantId)).toMatchObject({ state: 'CLOSING' })
  })
})
