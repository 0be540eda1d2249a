import { describe, expect, it } from 'vitest'
import { registerAccount } from '../../src/commands/register-account.ts'
import { useDatabase } from '../support/database.ts'
import { admin, operator, person, stranger } from './support/estate.ts'
import { beginByHand, refuseWrites, waiting } from './support/interleave.ts'
import { endOfLog, everything, factsAfter, rows, told } from './support/look.ts'

const database = useDatabase()
const register = (subscriptionId: string, name: string | null = null, viewer = admin) =>
  registerAccount({ store: database.store, viewer }, { subscriptionId, name })
const guid = (place: number) => `c0ffee00-0000-4000-8000-${String(place).padStart(12, '0')}`
const accountOf = (id: string) => rows(database.store, 'select * from accounts where id = $1', [id])

describe('registering an account', () => {
  it('takes it under management, due for a sync at once, and says so', async () => {
    const end = await endOfLog(database.store)
    expect(await register(guid(1).toUpperCase(), ' Lab ')).toEqual({ id: guid(1), userErrors: [] })
    expect(await accountOf(guid(1))).toMatchObject([{ name: 'Lab', status: 'REGISTERED', last_synced_at: null }])
    expect(await rows(database.store, 'select id from accounts where next_sync_at <= gateway_now()')).toHaveLength(1)
    expect(await factsAfter(database.store, end)).toMatchObject([
      { kind: 'AccountRegistered', actor_id: 'ada', account_id: guid(1), detail: { name: 'Lab' } },
    ])
  })

  it('names it by its id when nobody names it', async () => {
    await register(guid(2), '  ')
    expect(await accountOf(guid(2))).toMatchObject([{ name: guid(2) }])
  })

  it('changes nothing when it is registered already', async () => {
    await register(guid(3), 'First')
    const before = await everything(database.store)
    expect(await register(guid(3), 'Second')).toEqual({ id: guid(3), userErrors: [] })
    expect(await everything(database.store)).toEqual(before)
  })

  it('is said once when two do it at the same time', async () => {
    const end = await endOfLog(database.store)
    const byHand = await beginByHand(database.store)
    await byHand.query('lock table accounts in share mode')
    const calls = [register(guid(4)), register(guid(4))]
    await waiting(database.store, 2)
    await byHand.query('commit')
    expect(await Promise.all(calls)).toEqual([
      { id: guid(4), userErrors: [] },
      { id: guid(4), userErrors: [] },
    ])
    expect(await factsAfter(database.store, end)).toHaveLength(1)
  })

  it('writes nothing when its fact cannot be written', async () => {
    await refuseWrites(database.store, 'activities', 'insert')
    await expect(register(guid(5))).rejects.toThrow()
    expect(await accountOf(guid(5))).toEqual([])
  })

  it('is for whoever may write accounts there', async () => {
    expect(await register(guid(6), null, person('own', 'POLICY_ADMIN', `/subscriptions/${guid(6)}`))).toMatchObject({
      id: guid(6),
    })
    for (const viewer of [stranger, operator, person('own', 'POLICY_ADMIN', `/subscriptions/${guid(6)}`)])
      expect(await register(guid(7), null, viewer)).toMatchObject({
        id: null,
        userErrors: [{ code: 'NOT_PERMITTED', field: ['subscriptionId'], action: 'JitGateway/accounts/write' }],
      })
    expect(await accountOf(guid(7))).toEqual([])
  })

  it.each([
    ['no text', ''],
    ['a word', 'lab'],
    ['36 dashes', '-'.repeat(36)],
    ['a GUID without dashes', 'c0ffee0000004000800000000000000100000'],
    ['a GUID and more', `${guid(8)}/resourcegroups/shop`],
    ['SQL', `'; drop table accounts; --`],
  ])('refuses %s for an id', async (_what, id) => {
    expect(told((await register(id)).userErrors)).toEqual(['INVALID_INPUT at subscriptionId'])
  })

  it('takes a name of up to 100 characters', async () => {
    expect(told((await register(guid(9), 'n'.repeat(101))).userErrors)).toEqual(['INVALID_INPUT at name'])
    expect(await register(guid(9), 'n'.repeat(100))).toMatchObject({ id: guid(9) })
  })
})
