import { expect, it } from 'vitest'
import type { Viewer } from '../../src/access/viewer.ts'
import { registerAccount } from '../../src/commands/register-account.ts'
import { updateAccount } from '../../src/commands/update-account.ts'
import { useDatabase } from '../support/database.ts'

const database = useDatabase()
const subscriptionId = '11111111-1111-4111-8111-111111111111'
const viewer = (role: 'POLICY_ADMIN' | 'READER' | null): Viewer => ({
  actor: { kind: 'PERSON', id: 'ada', name: 'Ada' },
  groups: [],
  appRoles: [],
  rolesHeld: role === null ? [] : [{ role, scope: '/' }],
  address: null,
})
const update = (input: object, role: Parameters<typeof viewer>[0] = 'POLICY_ADMIN') =>
  updateAccount({ store: database.store, viewer: viewer(role) }, { accountId: subscriptionId, ...input })
const shown = async () =>
  (await database.store.pool.query('select name, drift_response from accounts where id = $1', [subscriptionId])).rows
const facts = async () =>
  (await database.store.pool.query(`select detail from activities where kind = 'AccountUpdated' order by position`))
    .rows

it('an account is given another name and another answer to drifts, each said once in the log', async () => {
  await registerAccount({ store: database.store, viewer: viewer('POLICY_ADMIN') }, { subscriptionId, name: 'Shop' })
  expect(await update({ driftResponse: 'CLOSE' })).toEqual({ id: subscriptionId, userErrors: [] })
  expect(await update({ driftResponse: 'CLOSE', name: 'Shop' })).toEqual({ id: subscriptionId, userErrors: [] })
  expect(await update({ name: ' Store ' })).toEqual({ id: subscriptionId, userErrors: [] })
  expect(await shown()).toEqual([{ name: 'Store', drift_response: 'CLOSE' }])
  expect(await facts()).toEqual([
    { detail: { name: 'Shop', driftResponse: 'CLOSE' } },
    { detail: { name: 'Store', driftResponse: 'CLOSE' } },
  ])
})

it('nobody changes an account who may not, or gives it a name that is too long', async () => {
  const before = await shown()
  expect(await update({ driftResponse: 'REPORT' }, 'READER')).toMatchObject({ userErrors: [{ code: 'NOT_PERMITTED' }] })
  expect(await update({ driftResponse: 'REPORT' }, null)).toMatchObject({ userErrors: [{ code: 'NOT_FOUND' }] })
  expect(await update({ name: 'x'.repeat(101) })).toMatchObject({ userErrors: [{ code: 'INVALID_INPUT' }] })
  expect(await update({ accountId: '22222222-2222-4222-8222-222222222222', driftResponse: 'REPORT' })).toMatchObject({
    userErrors: [{ code: 'NOT_FOUND' }],
  })
  expect(await shown()).toEqual(before)
})
