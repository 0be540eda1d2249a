import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { actions } from '../../src/access/role.ts'
import { liftLockDown } from '../../src/commands/lift-lock-down.ts'
import { lockDown } from '../../src/commands/lock-down.ts'
import { requestAccess } from '../../src/commands/request-access.ts'
import { useDatabase } from '../support/database.ts'
import {
  account,
  admin,
  boundaryId,
  grantTo,
  group,
  home,
  nobody,
  operator,
  otherGroup,
  person,
  protect,
  reader,
  requester,
  vmId,
} from './support/estate.ts'
import { dueOf, endOfLog, everything, factsAfter, grantOf, rows, storyOf, told } from './support/look.ts'

const database = useDatabase()
const lock = (scope: string, viewer = operator, reason = 'intrusion') =>
  lockDown({ store: database.store, viewer }, { scope, reason })
const lift = (lockdownId: string | null, viewer = operator) =>
  liftLockDown({ store: database.store, viewer }, { lockdownId: lockdownId ?? nobody })
const ask = (name: string, inside = group, viewer = requester) =>
  requestAccess(
    { store: database.store, viewer },
    { targets: [{ vmId: vmId(name, inside), ports: [{ port: 22 }] }], sources: [home], durationSeconds: 600 },
  )
const become = (grantId: string, state: string) =>
  database.store.pool.query(`update grants set state = $2::grant_state where id = $1`, [grantId, state])
/** Makes a grant of one that waits: for its approval, or for its beginning. */
const waitingGrant = async (state: 'PENDING_APPROVAL' | 'SCHEDULED') => {
  const grantId = await grantTo(database.store, requester, 'web')
  await database.store.pool.query('alter table grants disable trigger grants_legal_transition')
  await become(grantId, state)
  await database.store.pool.query('alter table grants enable trigger grants_legal_transition')
  return grantId
}

beforeAll(async () => {
  await protect(database.store, 'web')
  await protect(database.store, 'db')
  await protect(database.store, 'vault', [{ port: 22 }], { group: otherGroup })
})
beforeEach(() =>
  database.store.pool.query(`update lockdowns set lifted_at = gateway_now(), lifted_by_kind = 'PERSON',
  lifted_by_id = 'olga', lifted_by_name = 'olga' where lifted_at is null`),
)

const scopes: [string, string][] = [
  ['everything', '/'],
  ['a subscription', `/subscriptions/${account}`],
  ['a resource group', group],
  ['a machine', vmId('web')],
]

describe('locking down', () => {
  it.each(scopes)('%s ends every grant there and refuses every request, until it is lifted', async (_what, scope) => {
    const { store } = database
    const grantId = await grantTo(store, requester, 'web')
    const { id, grantsEnded, userErrors } = await lock(scope)
    expect(userErrors).toEqual([])
    expect(grantsEnded).toBeGreaterThan(0)
    expect(await grantOf(store, grantId)).toMatchObject({
      state: 'CLOSING',
      end_reason: 'LOCKED_DOWN',
      ended_by_id: 'olga',
    })
    expect(await dueOf(store, boundaryId('front'))).toMatchObject({ urgent: true })
    expect(await ask('web')).toMatchObject({
      requestId: null,
      userErrors: [{ code: 'LOCKED_DOWN', field: ['targets', '0', 'virtualMachine'], scope, reason: 'intrusion' }],
    })
    expect(await lift(id)).toEqual({ id, userErrors: [] })
    expect((await ask('web')).userErrors).toEqual([])
    expect(await grantOf(store, grantId)).toMatchObject({ state: 'CLOSING' })
  })

  it('leaves alone what lies elsewhere', async () => {
    const { store } = database
    const [elsewhere, beside] = [
      (await ask('vault', otherGroup)).grantIds[0] ?? '',
      await grantTo(store, requester, 'db'),
    ]
    await lock(vmId('web'))
    expect(await grantOf(store, beside)).toMatchObject({ state: 'OPENING' })
    await lock(group)
    expect(await grantOf(store, beside)).toMatchObject({ state: 'CLOSING' })
    expect(await grantOf(store, elsewhere)).toMatchObject({ state: 'OPENING' })
    expect((await ask('vault', otherGroup)).userErrors).toEqual([])
  })

  it.each(['PENDING_APPROVAL', 'SCHEDULED'] as const)('ends what is %s too, which was never open', async (state) => {
    const grantId = await waitingGrant(state)
    await lock(group)
    expect(await grantOf(database.store, grantId)).toMatchObject({
      state: 'CLOSED',
      end_reason: 'LOCKED_DOWN',
      closed_at: expect.any(Date),
      closing_at: null,
    })
    expect(await storyOf(database.store, grantId)).toEqual(['GrantOpening', 'GrantClosed'])
  })

  it('says in the log who began and lifted it, where and why, once each', async () => {
    const end = await endOfLog(database.store)
    const { id } = await lock(vmId('db'))
    await lock(vmId('db'))
    await lift(id, admin)
    await lift(id, admin)
    const place = { account_id: account, resource_group_id: group, vm_id: vmId('db') }
    const detail = { scope: vmId('db'), reason: 'intrusion' }
    const facts = await factsAfter(database.store, end)
    expect(facts.filter(({ kind }) => kind.startsWith('Lockdown'))).toMatchObject([
      { kind: 'LockdownBegan', actor_id: 'olga', ...place, detail },
      { kind: 'LockdownLifted', actor_id: 'ada', ...place, detail },
    ])
  })

  it('twice answers the lockdown in force, as it began', async () => {
    const first = await lock(group, operator, 'first')
    const second = await lock(group.toUpperCase(), admin, 'second')
    expect(second).toEqual({ id: first.id, grantsEnded: 0, userErrors: [] })
    expect(await rows(database.store, 'select reason, began_by_id from lockdowns where id = $1', [first.id])).toEqual([
      { reason: 'first', began_by_id: 'olga' },
    ])
  })

  it('counts the grants it ended', async () => {
    await lock('/')
    await lift((await lock('/')).id)
    for (const name of ['web', 'web', 'db']) await grantTo(database.store, requester, name)
    const { id, grantsEnded } = await lock(group)
    expect(grantsEnded).toBe(3)
    expect(await rows(database.store, 'select grants_ended from lockdowns where id = $1', [id])).toEqual([
      { grants_ended: 3 },
    ])
  })

  it('holds while any lockdown over the machine is in force', async () => {
    const [wide, narrow] = [await lock(group), await lock(vmId('web'))]
    await lift(wide.id)
    expect((await ask('web')).userErrors).toMatchObject([{ code: 'LOCKED_DOWN', scope: vmId('web') }])
    expect((await ask('db')).userErrors).toEqual([])
    await lift(narrow.id)
    expect((await ask('web')).userErrors).toEqual([])
  })

  it('tells of the widest of several lockdowns', async () => {
    await lock(vmId('web'))
    await lock('/')
    expect((await ask('web')).userErrors).toMatchObject([{ code: 'LOCKED_DOWN', scope: '/' }])
  })

  it('does not stop whoever asks for several machines from getting those elsewhere', async () => {
    await lock(vmId('web'))
    const targets = [vmId('web'), vmId('db')].map((id) => ({ vmId: id, ports: [{ port: 22 }] }))
    const { grantIds, userErrors } = await requestAccess({ store: database.store, viewer: requester }, { targets })
    expect(told(userErrors)).toEqual(['LOCKED_DOWN at targets.0.virtualMachine'])
    expect(await grantOf(database.store, grantIds[0] ?? '')).toMatchObject({ vm_id: vmId('db') })
  })

  it('tells nothing of it to whoever may not ask there anyway', async () => {
    await lock(group)
    expect((await ask('web', group, reader)).userErrors).toMatchObject([{ code: 'NOT_PERMITTED' }])
    expect((await ask('web', group, person('sam'))).userErrors).toMatchObject([{ code: 'NOT_FOUND' }])
  })
})

describe('whoever locks down', () => {
  it.each([
    ['needs a reason', group, ' ', 'INVALID_INPUT at reason'],
    ['says why in a thousand characters', group, 'r'.repeat(1_001), 'LIMIT_EXCEEDED at reason'],
    ['names a scope', '/subscriptions/x', 'why', 'INVALID_INPUT at scope'],
    [
      'names a subscription that is known',
      '/subscriptions/a1b2c3d4-0000-4000-8000-00000000dead',
      'why',
      'NOT_FOUND at scope',
    ],
    ['names a group that is known', `${group}x`, 'why', 'NOT_FOUND at scope'],
    ['names a machine that is known', vmId('wbe'), 'why', 'NOT_FOUND at scope'],
  ])('%s', async (_what, scope, reason, error) => {
    const before = await everything(database.store)
    const answer = await lock(scope, admin, reason)
    expect([answer.id, ...told(answer.userErrors)]).toEqual([null, error])
    expect(await everything(database.store)).toEqual(before)
  })

  it('needs the right at that very scope', async () => {
    const local = person('olaf', 'OPERATOR', vmId('web'))
    expect(await lock(group, local)).toMatchObject({
      id: null,
      userErrors: [{ code: 'NOT_PERMITTED', action: actions.lockDown }],
    })
    expect((await lock(vmId('web'), local)).userErrors).toEqual([])
  })

  it('can lift what they may see and have the right to, and learns of nothing else', async () => {
    const { id } = await lock(group)
    expect(await lift(id, reader)).toMatchObject({
      userErrors: [{ code: 'NOT_PERMITTED', action: actions.liftLockDown }],
    })
    const local = person('olaf', 'OPERATOR', vmId('web'))
    expect(await lift(id, local)).toEqual(await lift(nobody, local))
    expect(await lift(id, local)).toMatchObject({ id: null, userErrors: [{ code: 'NOT_FOUND' }] })
    expect((await ask('web')).userErrors).toMatchObject([{ code: 'LOCKED_DOWN' }])
  })
})
