import { describe, expect, it } from 'vitest'
import { assignRole } from '../../src/commands/assign-role.ts'
import { removeRole } from '../../src/commands/remove-role.ts'
import { useDatabase } from '../support/database.ts'
import {
  account,
  admin,
  group,
  nobody,
  operator,
  otherGroup,
  person,
  reader,
  stranger,
  vmId,
} from './support/estate.ts'
import { beginByHand, refuseWrites, waiting } from './support/interleave.ts'
import { endOfLog, everything, factsAfter, rows, told } from './support/look.ts'

const database = useDatabase()
const remove = (assignmentId: string, viewer = admin) => removeRole({ store: database.store, viewer }, { assignmentId })
const standing = async (id: string) =>
  (await rows(database.store, 'select 1 from role_assignments where id = $1', [id])).length === 1

async function assigned(scope = group): Promise<string> {
  const input = { principalKind: 'USER', principalId: 'pat', role: 'OPERATOR', scope } as const
  const { id } = await assignRole({ store: database.store, viewer: admin }, input)
  if (id === null) throw new Error(`no role was assigned at ${scope}`)
  return id
}

describe('removing a role', () => {
  it('takes it away and says whose it was', async () => {
    const id = await assigned()
    const end = await endOfLog(database.store)
    expect(await remove(id)).toEqual({ id, userErrors: [] })
    expect(await standing(id)).toBe(false)
    expect(await factsAfter(database.store, end)).toMatchObject([
      {
        kind: 'RoleRemoved',
        actor_id: 'ada',
        account_id: account,
        resource_group_id: group,
        detail: { role: 'OPERATOR', principalKind: 'USER', principalId: 'pat', scope: group },
      },
    ])
  })

  it('finds nothing the second time', async () => {
    const id = await assigned()
    await remove(id)
    const before = await everything(database.store)
    expect(told((await remove(id)).userErrors)).toEqual(['NOT_FOUND at assignmentId'])
    expect(await everything(database.store)).toEqual(before)
  })

  it('is done and said once when two do it at the same time', async () => {
    const id = await assigned()
    const end = await endOfLog(database.store)
    const byHand = await beginByHand(database.store)
    await byHand.query('select 1 from role_assignments where id = $1 for update', [id])
    const calls = [remove(id), remove(id)]
    await waiting(database.store, 2)
    await byHand.query('commit')
    const answers = (await Promise.all(calls)).map(({ userErrors }) => told(userErrors))
    expect(answers.flat()).toEqual(['NOT_FOUND at assignmentId'])
    expect(await factsAfter(database.store, end)).toHaveLength(1)
  })

  it('writes nothing when its fact cannot be written', async () => {
    const id = await assigned()
    await refuseWrites(database.store, 'activities', 'insert')
    await expect(remove(id)).rejects.toThrow()
    expect(await standing(id)).toBe(true)
  })

  it('is for whoever may write roles at its scope, not below it', async () => {
    const everywhere = await assigned('/')
    for (const scope of [group, `/subscriptions/${account}`])
      expect(told((await remove(everywhere, person('adm', 'POLICY_ADMIN', scope))).userErrors)).toEqual([
        'NOT_FOUND at assignmentId',
      ])
    const atMachine = await assigned(vmId('web'))
    expect(await remove(atMachine, person('adm', 'POLICY_ADMIN', group))).toMatchObject({ id: atMachine })
    expect(await standing(everywhere)).toBe(true)
  })

  it('tells whoever may not see the assignment the same as of one that does not exist', async () => {
    const id = await assigned()
    for (const viewer of [stranger, reader, operator, person('adm', 'POLICY_ADMIN', otherGroup)]) {
      const [hidden, missing] = [await remove(id, viewer), await remove(nobody, viewer)]
      expect(hidden).toMatchObject({ id: null, userErrors: [{ code: 'NOT_FOUND' }] })
      expect(hidden).toEqual(missing)
    }
    expect(await standing(id)).toBe(true)
  })
})
