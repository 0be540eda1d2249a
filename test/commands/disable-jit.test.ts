import { describe, expect, it } from 'vitest'
import { disableJit } from '../../src/commands/disable-jit.ts'
import { enableJit } from '../../src/commands/enable-jit.ts'
import { useDatabase } from '../support/database.ts'
import {
  admin,
  boundaryId,
  grantTo,
  group,
  nobody,
  person,
  protect,
  reader,
  requester,
  stranger,
  vmId,
  writeMachines,
} from './support/estate.ts'
import { beginByHand, refuseWrites, waiting } from './support/interleave.ts'
import { dueOf, endOfLog, everything, factsAfter, grantOf, rows, storyOf, told } from './support/look.ts'

const database = useDatabase()
const disable = (names: readonly string[], viewer = admin) =>
  disableJit({ store: database.store, viewer }, { vmIds: names.map((name) => vmId(name)) })
const enabled = (names: readonly string[]) =>
  rows<{ id: string }>(database.store, 'select id from policies where disabled_at is null and vm_id = any($1)', [
    names.map((name) => vmId(name)),
  ])

describe('disabling JIT', () => {
  it('ends the live grants, keeps the policy, says so, and makes the boundaries due at once', async () => {
    const { store } = database
    const policyId = await protect(store, 'web', [{ port: 22 }, { port: 23 }], { boundary: 'web' })
    const grantIds = [await grantTo(store, requester, 'web', 22), await grantTo(store, requester, 'web', 23)]
    const end = await endOfLog(store)
    expect(await disable(['WEB'])).toEqual({
      results: [{ vmId: vmId('web'), policyId, userErrors: [] }],
      userErrors: [],
    })
    for (const id of grantIds)
      expect(await grantOf(store, id)).toMatchObject({
        state: 'CLOSING',
        end_reason: 'POLICY_CHANGED',
        ended_by_id: 'ada',
      })
    expect(await rows(store, 'select * from policies where id = $1', [policyId])).toMatchObject([
      { version: 1, disabled_at: expect.any(Date) },
    ])
    expect(await rows(store, 'select port from policy_ports where policy_id = $1', [policyId])).toHaveLength(2)
    const facts = await factsAfter(store, end)
    expect(facts.map(({ kind }) => kind)).toEqual(['PolicyDisabled', 'GrantClosing', 'GrantClosing'])
    expect(facts[0]).toMatchObject({
      actor_id: 'ada',
      policy_id: policyId,
      vm_id: vmId('web'),
      resource_group_id: group,
      detail: { version: 1, ports: [{ port: 22 }, { port: 23 }] },
    })
    expect(facts[1]).toMatchObject({ requester_id: 'rob', detail: { state: 'CLOSING', endReason: 'POLICY_CHANGED' } })
    expect(await dueOf(store, boundaryId('web'))).toMatchObject({ urgent: true })
  })

  it('leaves grants of other machines, and those that have ended, as they are', async () => {
    const { store } = database
    for (const name of ['one', 'two']) await protect(store, name)
    const [ended, other] = [await grantTo(store, requester, 'one'), await grantTo(store, requester, 'two')]
    await store.pool.query(`update grants set state = 'CLOSING', end_reason = 'RELEASED' where id = $1`, [ended])
    await disable(['one'])
    expect(await grantOf(store, ended)).toMatchObject({ end_reason: 'RELEASED' })
    expect(await storyOf(store, ended)).toEqual(['GrantOpening'])
    expect(await grantOf(store, other)).toMatchObject({ state: 'OPENING' })
  })

  it('leaves room for a new policy, and the old one as it was', async () => {
    const before = await protect(database.store, 'again')
    await disable(['again'])
    const after = await protect(database.store, 'again', [{ port: 3389 }])
    expect(after).not.toBe(before)
    expect(await enabled(['again'])).toEqual([{ id: after }])
  })

  it('says of each machine where it cannot be done why, and does the others', async () => {
    await writeMachines(database.store, ['bare', 'deleted'])
    for (const name of ['good', 'deleted']) await protect(database.store, name)
    await database.store.pool.query('update virtual_machines set gone_at = gateway_now() where name = $1', ['deleted'])
    const { results } = await disable(['bare', 'good', 'nowhere', 'deleted'])
    expect(results.map(({ userErrors }) => told(userErrors))).toEqual([
      ['CONFLICT at vmIds.0'],
      [],
      ['NOT_FOUND at vmIds.2'],
      [],
    ])
    expect(await enabled(['good', 'deleted'])).toEqual([])
  })

  it('is refused to whoever may not, and a machine that is not theirs to see looks like none', async () => {
    await protect(database.store, 'private')
    expect((await disable(['private'], reader)).results).toMatchObject([{ userErrors: [{ code: 'NOT_PERMITTED' }] }])
    for (const viewer of [stranger, person('eve', 'POLICY_ADMIN', vmId('good'))]) {
      const [hidden, missing] = [await disable(['private'], viewer), await disable(['nowhere'], viewer)]
      expect(hidden.results[0]?.userErrors).toMatchObject([{ code: 'NOT_FOUND' }])
      expect(hidden.results[0]?.userErrors).toEqual(missing.results[0]?.userErrors)
    }
    expect(await enabled(['private'])).toHaveLength(1)
  })

  it.each([
    ['no machine', [], 'INVALID_INPUT at vmIds'],
    ['a machine named twice', [nobody, 'x', nobody], 'INVALID_INPUT at vmIds.2'],
    ['501 machines', Array.from({ length: 501 }, String), 'LIMIT_EXCEEDED at vmIds'],
  ])('is refused as a whole for %s', async (_what, names, error) => {
    const answer = await disable(names)
    expect(answer.results).toEqual([])
    expect(told(answer.userErrors)).toEqual([error])
  })

  it('writes nothing when its last statement fails', async () => {
    await protect(database.store, 'torn')
    await grantTo(database.store, requester, 'torn')
    const before = await everything(database.store)
    await refuseWrites(database.store, 'boundary_reconciles', 'update')
    await expect(disable(['torn'])).rejects.toThrow()
    expect(await everything(database.store)).toEqual(before)
  })

  it('happens once when two ask at the same time', async () => {
    const policyId = await protect(database.store, 'twice')
    const grantId = await grantTo(database.store, requester, 'twice')
    const byHand = await beginByHand(database.store)
    await byHand.query('select 1 from policies where id = $1 for update', [policyId])
    const calls = [disable(['twice']), disable(['twice'])]
    await waiting(database.store, 2)
    await byHand.query('commit')
    const answers = (await Promise.all(calls)).map(({ results }) => told(results[0]?.userErrors ?? []))
    expect(answers.flat()).toEqual(['CONFLICT at vmIds.0'])
    expect(await storyOf(database.store, grantId)).toEqual(['GrantOpening', 'GrantClosing'])
    const facts = await rows(
      database.store,
      `select 1 from activities where kind = 'PolicyDisabled' and policy_id = $1`,
      [policyId],
    )
    expect(facts).toHaveLength(1)
  })

  it('lets whoever enables JIT at the same time go ahead when it is done', async () => {
    await protect(database.store, 'swap')
    const byHand = await beginByHand(database.store)
    await byHand.query('update policies set disabled_at = gateway_now() where vm_id = $1', [vmId('swap')])
    const enabling = enableJit({ store: database.store, viewer: admin }, { vmIds: [vmId('swap')] })
    await waiting(database.store)
    await byHand.query('commit')
    expect((await enabling).results).toMatchObject([{ policyId: expect.any(String) }])
    expect(await enabled(['swap'])).toHaveLength(1)
  })
})
