import { beforeEach, describe, expect, it } from 'vitest'
import { registerAccount } from '../../src/commands/register-account.ts'
import { syncAccount } from '../../src/commands/sync-account.ts'
import { useDatabase } from '../support/database.ts'
import { account, admin, nobody, operator, person, requester, stranger } from './support/estate.ts'
import { everything, rows } from './support/look.ts'

const database = useDatabase()
const sync = (accountId: string, viewer = admin) => syncAccount({ store: database.store, viewer }, { accountId })
const dueNow = async () =>
  (await rows(database.store, 'select 1 from accounts where next_sync_at <= gateway_now()')).length === 1

beforeEach(async () => {
  await registerAccount({ store: database.store, viewer: admin }, { subscriptionId: account })
  await database.store.pool.query(`update accounts set next_sync_at = gateway_now() + interval '1 hour'`)
})

describe('asking for a sync', () => {
  it('makes the account due at once', async () => {
    expect(await sync(account)).toEqual({ id: account, userErrors: [] })
    expect(await dueNow()).toBe(true)
  })

  it('changes nothing when it is due already', async () => {
    await sync(account)
    const before = await everything(database.store)
    expect(await sync(account)).toEqual({ id: account, userErrors: [] })
    expect(await everything(database.store)).toEqual(before)
  })

  it('is refused to whoever sees the account but may not write it', async () => {
    for (const viewer of [operator, person('own', 'OPERATOR', `/subscriptions/${account}`)])
      expect(await sync(account, viewer)).toMatchObject({
        id: null,
        userErrors: [{ code: 'NOT_PERMITTED', action: 'JitGateway/accounts/write' }],
      })
    expect(await dueNow()).toBe(false)
  })

  it('tells whoever may not see the account the same as of one that does not exist', async () => {
    for (const viewer of [
      stranger,
      requester,
      person('far', 'POLICY_ADMIN', `/subscriptions/${nobody}/resourcegroups/x`),
    ]) {
      const [hidden, missing] = [await sync(account, viewer), await sync(nobody, viewer)]
      expect(hidden).toMatchObject({ id: null, userErrors: [{ code: 'NOT_FOUND', field: ['accountId'] }] })
      expect(hidden).toEqual(missing)
    }
    expect(await sync(nobody)).toMatchObject({ userErrors: [{ code: 'NOT_FOUND' }] })
    expect(await dueNow()).toBe(false)
  })

  it('takes an id as text whatever it holds', async () => {
    expect(await sync(`'; drop table accounts; --`)).toMatchObject({ userErrors: [{ code: 'NOT_FOUND' }] })
  })
})
