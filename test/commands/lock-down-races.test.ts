import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { liftLockDown } from '../../src/commands/lift-lock-down.ts'
import { lockDown } from '../../src/commands/lock-down.ts'
import { requestAccess } from '../../src/commands/request-access.ts'
import { settleGrants } from '../../src/store/reconcile/settle.ts'
import type { Store } from '../../src/store/store.ts'
import { useDatabase } from '../support/database.ts'
import { account, boundaryId, grantTo, group, home, operator, protect, requester, vmId } from './support/estate.ts'
import { interleave, orders } from './support/every-interleaving.ts'
import { beginByHand, waiting } from './support/interleave.ts'
import { grantOf, rows, storyOf } from './support/look.ts'

const database = useDatabase()
const lock = (store: Store, scope: string) => lockDown({ store, viewer: operator }, { scope, reason: 'intrusion' })
const ask = (store: Store, ...names: string[]) =>
  requestAccess(
    { store, viewer: requester },
    { targets: names.map((name) => ({ vmId: vmId(name), ports: [{ port: 22 }] })), sources: [home] },
  )
const liftAll = async () => {
  for (const { id } of await rows<{ id: string }>(database.store, 'select id from lockdowns where lifted_at is null'))
    await liftLockDown({ store: database.store, viewer: operator }, { lockdownId: id })
}
const open = () => rows(database.store, `select id from grants where state not in ('CLOSING', 'CLOSED', 'OPEN_FAILED')`)
const scopes = fc.constantFrom('/', `/subscriptions/${account}`, group, vmId('web'))

beforeAll(async () => {
  await protect(database.store, 'web')
  await protect(database.store, 'db')
})

describe('however their statements follow each other', () => {
  it('a lockdown leaves nothing open of requests that are made at the same time', { timeout: 60_000 }, async () => {
    let [granted, denied] = [0, 0]
    await fc.assert(
      fc
        .asyncProperty(scopes, orders, async (scope, picks) => {
          const [locked, one, two] = await interleave(
            database.store,
            picks,
            (store) => lock(store, scope),
            (store) => ask(store, 'web'),
            (store) => ask(store, 'web'),
          )
          expect(locked).toMatchObject({ value: { userErrors: [] } })
          for (const asked of [one, two]) {
            if (!('value' in asked)) throw asked.error
            const [grantId] = asked.value.grantIds
            if (grantId === undefined) {
              denied += 1
              expect(asked.value.userErrors).toMatchObject([{ code: 'LOCKED_DOWN' }])
            } else {
              granted += 1
              expect(await grantOf(database.store, grantId)).toMatchObject({ end_reason: 'LOCKED_DOWN' })
            }
          }
          expect(await open()).toEqual([])
        })
        .afterEach(liftAll),
      { numRuns: 40 },
    )
    // Both happened, or the property says nothing.
    expect(Math.min(granted, denied)).toBeGreaterThan(0)
  })

  it('a lockdown ends a grant that is proven open at the same time, once', { timeout: 60_000 }, async () => {
    const stories = new Set<string>()
    await fc.assert(
      fc
        .asyncProperty(scopes, orders, async (scope, picks) => {
          const grantId = await grantTo(database.store, requester, 'web')
          await database.store.pool.query(
            `insert into enforcements (grant_id, boundary_id, status, observed_at) values ($1, $2, 'OPEN', gateway_now())`,
            [grantId, boundaryId('front')],
          )
          const answers = await interleave(
            database.store,
            picks,
            (store) => lock(store, scope),
            (store) => store.db.transaction((tx) => settleGrants(tx, [grantId], null)),
          )
          expect(answers.filter((answer) => 'error' in answer)).toEqual([])
          expect(await grantOf(database.store, grantId)).toMatchObject({ state: 'CLOSING', end_reason: 'LOCKED_DOWN' })
          const story = await storyOf(database.store, grantId)
          stories.add(story.join(' '))
          expect(story.filter((kind) => kind === 'GrantClosing')).toHaveLength(1)
        })
        .afterEach(liftAll),
      { numRuns: 30 },
    )
    expect(stories).toEqual(new Set(['GrantOpening GrantClosing', 'GrantOpening GrantActivated GrantClosing']))
  })

  it('two lockdowns of one scope at the same time are one', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc
        .asyncProperty(scopes, scopes, orders, async (left, right, picks) => {
          const grantId = await grantTo(database.store, requester, 'web')
          const answers = await interleave(
            database.store,
            picks,
            (store) => lock(store, left),
            (store) => lock(store, right),
          )
          const ids = answers.map((answer) => ('value' in answer ? answer.value.id : answer.error))
          expect(new Set(ids).size).toBe(left === right ? 1 : 2)
          const ended = answers.map((answer) => ('value' in answer ? answer.value.grantsEnded : 0))
          expect(ended.toSorted((left, right) => left - right)).toEqual([0, 1])
          expect(await storyOf(database.store, grantId)).toEqual(['GrantOpening', 'GrantClosing'])
        })
        .afterEach(liftAll),
      { numRuns: 30 },
    )
  })
})

describe('a request', () => {
  it('that began before a lockdown commits first, and is ended by it', async () => {
    const byHand = await beginByHand(database.store)
    await byHand.query('select 1 from policies for update')
    const asked = ask(database.store, 'web', 'db')
    await waiting(database.store)
    const locked = lock(database.store, vmId('web'))
    await waiting(database.store, 2)
    await byHand.query('commit')
    const { grantIds, userErrors } = await asked
    expect(userErrors).toEqual([])
    expect(await locked).toMatchObject({ grantsEnded: 1 })
    expect(await grantOf(database.store, grantIds[0] ?? '')).toMatchObject({ end_reason: 'LOCKED_DOWN' })
    expect(await grantOf(database.store, grantIds[1] ?? '')).toMatchObject({ state: 'OPENING' })
    await liftAll()
  })

  it('in another subscription does not wait for a lockdown', async () => {
    const byHand = await beginByHand(database.store)
    // What a lockdown of another subscription holds while it ends grants.
    await byHand.query('select pg_advisory_xact_lock_shared(7461002, 0)')
    await byHand.query(`select pg_advisory_xact_lock(7461002, hashtext('b0000000-0000-4000-8000-000000000000') | 1)`)
    expect((await ask(database.store, 'web')).userErrors).toEqual([])
  })
})
