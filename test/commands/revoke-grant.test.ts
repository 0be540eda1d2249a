import { beforeAll, describe, expect, it } from 'vitest'
import { gatewayActor } from '../../src/access/words.ts'
import { revokeGrant } from '../../src/commands/revoke-grant.ts'
import { endExpiredGrants } from '../../src/store/end-grants.ts'
import { useDatabase } from '../support/database.ts'
import {
  admin,
  expire,
  grantTo,
  group,
  nobody,
  operator,
  otherGroup,
  person,
  protect,
  reader,
  requester,
  stranger,
  vmId,
} from './support/estate.ts'
import { beginByHand, waiting } from './support/interleave.ts'
import { endOfLog, factsAfter, grantOf, rows, storyOf } from './support/look.ts'

const database = useDatabase()
const revoke = (grantId: string, viewer = operator) => revokeGrant({ store: database.store, viewer }, { grantId })
const newGrant = () => grantTo(database.store, requester, 'web')
const endExpired = () => database.store.db.transaction((tx) => endExpiredGrants(tx, 100, gatewayActor))
const once = ['GrantOpening', 'GrantClosing']

beforeAll(() => protect(database.store, 'web'))

describe('revoking a grant', () => {
  it.each([
    ['an operator', operator],
    ['a policy admin', admin],
    ['an operator of its resource group', person('gil', 'OPERATOR', group)],
    ['an operator of its machine', person('mel', 'OPERATOR', vmId('web'))],
  ])('is for %s', async (_who, viewer) => {
    const grantId = await newGrant()
    const end = await endOfLog(database.store)
    expect(await revoke(grantId, viewer)).toEqual({ id: grantId, userErrors: [] })
    expect(await grantOf(database.store, grantId)).toMatchObject({
      state: 'CLOSING',
      end_reason: 'REVOKED',
      ended_by_id: viewer.actor.id,
    })
    expect(await factsAfter(database.store, end)).toMatchObject([
      { kind: 'GrantClosing', actor_id: viewer.actor.id, requester_id: 'rob', detail: { endReason: 'REVOKED' } },
    ])
  })

  it.each([
    ['a reader', reader],
    ['its holder', requester],
  ])('is refused to %s, who may see it, with the action that is missing', async (_who, viewer) => {
    const grantId = await newGrant()
    expect(await revoke(grantId, viewer)).toMatchObject({
      id: null,
      userErrors: [{ code: 'NOT_PERMITTED', action: 'JitGateway/grants/revoke/action' }],
    })
    expect(await storyOf(database.store, grantId)).toEqual(['GrantOpening'])
  })

  it('tells whoever may not see the grant the same as of one that does not exist', async () => {
    const grantId = await newGrant()
    for (const viewer of [stranger, person('olaf', 'OPERATOR', otherGroup), person('rita', 'REQUESTER')]) {
      const [hidden, missing] = [await revoke(grantId, viewer), await revoke(nobody, viewer)]
      expect(hidden).toMatchObject({ id: null, userErrors: [{ code: 'NOT_FOUND' }] })
      expect(hidden).toEqual(missing)
    }
  })

  it('leaves one that is closing as it ended, and is a conflict for one that has closed', async () => {
    const grantId = await newGrant()
    await revoke(grantId)
    expect(await revoke(grantId, admin)).toEqual({ id: grantId, userErrors: [] })
    expect(await grantOf(database.store, grantId)).toMatchObject({ ended_by_id: 'olga' })
    expect(await storyOf(database.store, grantId)).toEqual(once)
    await database.store.pool.query(`update grants set state = 'CLOSED' where id = $1`, [grantId])
    expect(await revoke(grantId)).toMatchObject({ id: null, userErrors: [{ code: 'CONFLICT' }] })
  })
})

describe('a grant that is revoked in the moment its time is up', () => {
  it('ends once, when its time is up first', async () => {
    const grantId = await newGrant()
    await expire(database.store, grantId)
    let revoked: ReturnType<typeof revoke> | undefined
    await database.store.db.transaction(async (tx) => {
      expect(await endExpiredGrants(tx, 100, gatewayActor)).toEqual([grantId])
      revoked = revoke(grantId)
      await waiting(database.store)
    })
    expect(await revoked).toEqual({ id: grantId, userErrors: [] })
    expect(await grantOf(database.store, grantId)).toMatchObject({ end_reason: 'TIME_UP', ended_by_id: 'gateway' })
    expect(await storyOf(database.store, grantId)).toEqual(once)
  })

  it('ends once, when it is revoked first', async () => {
    const grantId = await newGrant()
    await expire(database.store, grantId)
    const byHand = await beginByHand(database.store)
    await byHand.query('select 1 from boundary_reconciles for update')
    const revoked = revoke(grantId)
    await waiting(database.store)
    expect(await endExpired()).toEqual([])
    await byHand.query('commit')
    expect(await revoked).toEqual({ id: grantId, userErrors: [] })
    expect(await grantOf(database.store, grantId)).toMatchObject({ end_reason: 'REVOKED', ended_by_id: 'olga' })
    expect(await endExpired()).toEqual([])
    expect(await storyOf(database.store, grantId)).toEqual(once)
  })

  it('ends once, however the two meet', async () => {
    const grantIds: string[] = []
    for (let index = 0; index < 20; index += 1) grantIds.push(await newGrant())
    for (const id of grantIds) await expire(database.store, id)
    const revoked = grantIds.map((id) => revoke(id))
    const ended = [endExpired(), endExpired(), endExpired()]
    expect((await Promise.all(revoked)).flatMap(({ userErrors }) => userErrors)).toEqual([])
    await Promise.all([...ended, endExpired()])
    const facts = await rows(
      database.store,
      `select grant_id from activities where kind = 'GrantClosing' and grant_id = any($1) order by grant_id`,
      [grantIds],
    )
    expect(facts).toEqual(grantIds.toSorted().map((id) => ({ grant_id: id })))
  })
})
