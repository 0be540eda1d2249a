import { describe, expect, it } from 'vitest'
import { roleNames, type Role } from '../../src/access/role.ts'
import { assignRole } from '../../src/commands/assign-role.ts'
import { useDatabase } from '../support/database.ts'
import { account, admin, group, otherGroup, person, reader, stranger, vmId } from './support/estate.ts'
import { beginByHand, refuseWrites, waiting } from './support/interleave.ts'
import { endOfLog, everything, factsAfter, rows, told } from './support/look.ts'

const database = useDatabase()
const subscription = `/subscriptions/${account}`
const assign = (more: Partial<Parameters<typeof assignRole>[1]>, viewer = admin) =>
  assignRole(
    { store: database.store, viewer },
    { principalKind: 'USER', principalId: 'pat', role: 'OPERATOR', scope: group, ...more },
  )
const assignments = (principalId: string) =>
  rows<{ id: string }>(database.store, 'select * from role_assignments where principal_id = $1', [principalId])

describe('assigning a role', () => {
  it('writes it with the scope in lower case, and says so', async () => {
    const end = await endOfLog(database.store)
    const answer = await assign({ principalKind: 'GROUP', principalId: 'On-Call', scope: group.toUpperCase() })
    expect(answer).toEqual({ id: expect.any(String), userErrors: [] })
    expect(await assignments('On-Call')).toMatchObject([
      { id: answer.id, principal_kind: 'GROUP', role: 'OPERATOR', scope: group, assigned_by_id: 'ada' },
    ])
    expect(await factsAfter(database.store, end)).toMatchObject([
      {
        kind: 'RoleAssigned',
        actor_id: 'ada',
        account_id: account,
        resource_group_id: group,
        detail: { role: 'OPERATOR', principalKind: 'GROUP', principalId: 'On-Call', scope: group },
      },
    ])
  })

  it('answers the assignment there is when it is assigned already', async () => {
    const first = await assign({ principalId: 'twice' })
    const before = await everything(database.store)
    expect(await assign({ principalId: 'twice' }, person('ann', 'POLICY_ADMIN'))).toEqual(first)
    expect(await everything(database.store)).toEqual(before)
  })

  it('is said once when two assign the same at the same time', async () => {
    const end = await endOfLog(database.store)
    const byHand = await beginByHand(database.store)
    await byHand.query('lock table role_assignments in share mode')
    const calls = [assign({ principalId: 'raced' }), assign({ principalId: 'raced' })]
    await waiting(database.store, 2)
    await byHand.query('commit')
    const [one, other] = await Promise.all(calls)
    expect(one).toEqual(other)
    expect(await assignments('raced')).toHaveLength(1)
    expect(await factsAfter(database.store, end)).toHaveLength(1)
  })

  it('keeps principals, roles and scopes apart', async () => {
    const of = { principalId: 'many' }
    const answers = [
      await assign(of),
      await assign({ ...of, principalKind: 'GROUP' }),
      await assign({ ...of, role: 'READER' }),
      await assign({ ...of, scope: vmId('web') }),
    ]
    expect(new Set(answers.map(({ id }) => id)).size).toBe(4)
  })

  it('writes nothing when its fact cannot be written', async () => {
    await refuseWrites(database.store, 'activities', 'insert')
    await expect(assign({ principalId: 'torn' })).rejects.toThrow()
    expect(await assignments('torn')).toEqual([])
  })
})

describe('who may assign a role', () => {
  const refusal = { id: null, userErrors: [{ code: 'NOT_PERMITTED', field: ['scope'] }] }

  it('is whoever may write roles at the scope or above it', async () => {
    const holds = (scope: string) => person('adm', 'POLICY_ADMIN', scope)
    const allowed: [string, string][] = [
      ['/', '/'],
      ['/', vmId('web')],
      [subscription, subscription],
      [subscription, group],
      [group, group],
      [group, vmId('web')],
      [vmId('web'), vmId('web')],
    ]
    for (const [held, scope] of allowed)
      expect(await assign({ principalId: `${held} ${scope}`, scope }, holds(held))).toMatchObject({ userErrors: [] })
    const refused: [string, string][] = [
      [subscription, '/'],
      [group, '/'],
      [group, subscription],
      [group, otherGroup],
      [group, `${group}-2`],
      [group, vmId('web', otherGroup)],
      [vmId('web'), group],
      [vmId('web'), vmId('web-2')],
    ]
    const before = await everything(database.store)
    for (const [held, scope] of refused)
      expect(await assign({ principalId: 'never', scope }, holds(held)), `${held} ${scope}`).toMatchObject(refusal)
    expect(await everything(database.store)).toEqual(before)
  })

  it.each(roleNames.filter((role) => role !== 'POLICY_ADMIN'))('is not %s, of no role at all', async (role) => {
    for (const given of roleNames)
      expect(await assign({ principalId: 'self', role: given }, person('self', role))).toMatchObject(refusal)
    expect(await assignments('self')).toEqual([])
  })

  it('is not somebody whose roles at two scopes would only together allow it', async () => {
    const viewer = {
      ...stranger,
      rolesHeld: [
        { role: 'POLICY_ADMIN' as Role, scope: otherGroup },
        { role: 'READER' as Role, scope: '/' },
      ],
    }
    expect(await assign({ principalId: 'mix' }, viewer)).toMatchObject(refusal)
  })
})

describe('assigning a role is refused for', () => {
  it.each([
    '',
    '//',
    'web',
    '/subscriptions',
    '/subscriptions/lab',
    `/subscriptions/${'-'.repeat(36)}`,
    `${subscription}/resourcegroups`,
    `${subscription}/resourcegroups/`,
    `${subscription}//resourcegroups/shop`,
    `${group}/providers/microsoft.compute/virtualmachines`,
    `${group}/providers/microsoft.network/networksecuritygroups/front`,
    `${vmId('web')}/extensions/x`,
    `${group} `,
    `/${group}`,
    `${subscription}/resourcegroups/a' or 1=1 --`,
    `${subscription}/resourcegroups/%`,
    `${subscription}\n`,
  ])('the scope "%s"', async (scope) => {
    expect(told((await assign({ scope })).userErrors)).toEqual(['INVALID_INPUT at scope'])
  })

  it.each(['', '  ', 'p'.repeat(257)])('the principal "%s"', async (principalId) => {
    expect(told((await assign({ principalId })).userErrors)).toEqual(['INVALID_INPUT at principalId'])
  })

  it('nobody who may not know whether a scope is one', async () => {
    expect(told((await assign({ scope: 'web' }, reader)).userErrors)).toEqual(['INVALID_INPUT at scope'])
  })
})
