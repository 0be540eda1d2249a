import { describe, expect, it } from 'vitest'
import { actions, type Action } from '../../src/access/role.ts'
import type { Viewer } from '../../src/access/viewer.ts'
import { assignRole } from '../../src/commands/assign-role.ts'
import { createCustomRole, type CreateCustomRole } from '../../src/commands/create-custom-role.ts'
import { removeCustomRole } from '../../src/commands/remove-custom-role.ts'
import { removeRole } from '../../src/commands/remove-role.ts'
import { updateCustomRole, type UpdateCustomRole } from '../../src/commands/update-custom-role.ts'
import { useDatabase } from '../support/database.ts'
import { account, admin, group, nobody, otherGroup, person, reader, stranger, vmId } from './support/estate.ts'
import { beginByHand, waiting } from './support/interleave.ts'
import { endOfLog, everything, factsAfter, rows, told } from './support/look.ts'

const database = useDatabase()
const subscription = `/subscriptions/${account}`
let made = 0
const create = (more: Partial<CreateCustomRole> = {}, viewer = admin) =>
  createCustomRole(
    { store: database.store, viewer },
    { name: `role ${String(++made)}`, scope: group, actions: [actions.readGrant], ...more },
  )
const created = async (more: Partial<CreateCustomRole> = {}) => (await create(more)).id as string
const update = (roleId: string, changes: Omit<UpdateCustomRole, 'roleId'>, viewer = admin) =>
  updateCustomRole({ store: database.store, viewer }, { roleId, ...changes })
const remove = (roleId: string, viewer = admin) => removeCustomRole({ store: database.store, viewer }, { roleId })
const assign = (role: string, scope: string, viewer = admin, endsAt: Date | null = null) =>
  assignRole({ store: database.store, viewer }, { principalKind: 'USER', principalId: 'pat', role, scope, endsAt })
const roleOf = async (id: string) =>
  (await rows<any>(database.store, 'select * from custom_roles where id = $1', [id]))[0]

/** Somebody with a role of these actions at a scope, until a moment or for ever. */
const holder = (allowed: readonly Action[], scope: string, endsAt: string | null = null): Viewer => ({
  ...person('hal'),
  rolesHeld: [
    {
      role: { id: nobody, name: 'own', actions: allowed },
      scope,
      by: { assignmentId: nobody, principalKind: 'USER', principalId: 'hal', endsAt },
    },
  ],
})
const writer = (...more: Action[]): Action[] => [actions.readRole, actions.writeRole, ...more]

describe('making a role', () => {
  it('keeps what it allows, and says so', async () => {
    const end = await endOfLog(database.store)
    const named = [actions.revokeGrant.toLowerCase(), actions.readGrant, actions.readGrant]
    const { id, userErrors } = await create({ name: ' Night shift ', description: 'After six', actions: named })
    expect(userErrors).toEqual([])
    expect(await roleOf(id as string)).toMatchObject({
      name: 'Night shift',
      description: 'After six',
      scope: group,
      actions: [actions.revokeGrant, actions.readGrant],
      created_by_id: 'ada',
    })
    expect(await factsAfter(database.store, end)).toMatchObject([
      {
        kind: 'CustomRoleCreated',
        actor_id: 'ada',
        account_id: account,
        resource_group_id: group,
        detail: { roleId: id, name: 'Night shift', scope: group, actions: [actions.revokeGrant, actions.readGrant] },
      },
    ])
  })

  it('gives the first answer again when it is repeated with its key', async () => {
    const input = { name: 'Repeated', idempotencyKey: 'again' }
    const first = await create(input)
    expect(await create(input)).toEqual(first)
    expect(told((await create({ ...input, name: 'Other' })).userErrors)).toEqual(['CONFLICT at idempotencyKey'])
  })

  it.each([
    ['name', { name: ' ' }, 'name'],
    ['name', { name: 'n'.repeat(101) }, 'name'],
    ['name', { name: 'Policy admin' }, 'name'],
    ['name', { name: 'READER' }, 'name'],
    ['description', { description: 'd'.repeat(501) }, 'description'],
    ['scope', { scope: 'web' }, 'scope'],
    ['list of actions', { actions: [] }, 'actions'],
    ['action', { actions: [actions.readGrant, 'Microsoft.Compute/*'] }, 'actions.1'],
  ])('is refused for a %s like %j', async (_what, more, field) => {
    const before = await everything(database.store)
    expect(told((await create(more)).userErrors)).toEqual([`INVALID_INPUT at ${field}`])
    expect(await everything(database.store)).toEqual(before)
  })

  it('is refused for a name that is taken at the scope, whatever its case', async () => {
    await create({ name: 'Taken' })
    expect(told((await create({ name: 'taken' })).userErrors)).toEqual(['CONFLICT at name'])
    expect((await create({ name: 'taken', scope: otherGroup })).userErrors).toEqual([])
  })

  it('is for whoever may write roles at the scope and do all that it allows there', async () => {
    const viewer = holder(writer(actions.readGrant), group)
    expect((await create({}, viewer)).userErrors).toEqual([])
    expect((await create({ scope: vmId('web') }, viewer)).userErrors).toEqual([])
    expect(told((await create({ scope: subscription }, viewer)).userErrors)).toEqual(['NOT_PERMITTED at scope'])
    const more = await create({ actions: [actions.readGrant, actions.revokeGrant, actions.readActivity] }, viewer)
    expect(more.userErrors).toMatchObject([
      { code: 'NOT_PERMITTED', field: ['actions'], action: actions.revokeGrant },
      { code: 'NOT_PERMITTED', field: ['actions'], action: actions.readActivity },
    ])
  })
})

describe('assigning a role that somebody made', () => {
  it('is possible at its scope and below it, and nowhere else', async () => {
    const role = await created()
    for (const scope of [group, vmId('web')]) expect((await assign(role, scope)).userErrors).toEqual([])
    for (const scope of ['/', subscription, otherGroup])
      expect(told((await assign(role, scope)).userErrors)).toEqual(['INVALID_INPUT at scope'])
  })

  it('is for whoever may do there what it allows', async () => {
    const role = await created({ actions: [actions.revokeGrant, actions.readGrant] })
    const viewer = holder(writer(actions.readGrant), group)
    expect((await assign(role, group, viewer)).userErrors).toMatchObject([
      { code: 'NOT_PERMITTED', field: ['role'], action: actions.revokeGrant },
    ])
    expect(
      (await assign(role, group, holder(writer(actions.readGrant, actions.revokeGrant), group))).userErrors,
    ).toEqual([])
  })

  it('shows a role to nobody who may not read roles anywhere it can be assigned', async () => {
    const elsewhere = holder(writer(actions.readGrant), otherGroup)
    const role = await created({ scope: group })
    const hidden = await assign(role, otherGroup, elsewhere)
    expect(told(hidden.userErrors)).toEqual(['NOT_FOUND at role'])
    expect(hidden).toEqual(await assign(nobody, otherGroup, elsewhere))
  })
})

describe('a built-in role', () => {
  it('can be given by nobody who does not hold all that it allows', async () => {
    const lacking = (await assign('APPROVER', group, holder(writer(actions.readGrant), group))).userErrors
    expect(lacking.map((error) => 'action' in error && error.action)).toContain(actions.approveRequest)
    expect((await assign('APPROVER', group, person('adm', 'POLICY_ADMIN', group))).userErrors).toEqual([])
  })

  it('cannot be changed or taken back', async () => {
    expect(told((await update('READER', { name: 'other' })).userErrors)).toEqual(['CONFLICT at roleId'])
    expect(told((await remove('READER')).userErrors)).toEqual(['CONFLICT at roleId'])
  })
})

describe('changing a role', () => {
  it('adds and removes actions, and says what it allows now', async () => {
    const id = await created({ actions: [actions.readGrant, actions.readPolicy] })
    const end = await endOfLog(database.store)
    const changes = { addActions: [actions.revokeGrant], removeActions: [actions.readPolicy], name: 'Renamed' }
    expect(await update(id, changes)).toEqual({ id, userErrors: [] })
    const allowed = [actions.readGrant, actions.revokeGrant]
    expect(await roleOf(id)).toMatchObject({ name: 'Renamed', actions: allowed })
    expect(await factsAfter(database.store, end)).toMatchObject([
      { kind: 'CustomRoleUpdated', detail: { roleId: id, name: 'Renamed', scope: group, actions: allowed } },
    ])
  })

  it('says nothing when nothing is other than before', async () => {
    const id = await created({ name: 'Same' })
    const before = await everything(database.store)
    expect(await update(id, { name: 'Same', addActions: [actions.readGrant] })).toEqual({ id, userErrors: [] })
    expect(await everything(database.store)).toEqual(before)
  })

  it('is refused when it would allow nothing, or be called as another', async () => {
    const id = await created({ name: 'One' })
    await created({ name: 'Two' })
    expect(told((await update(id, { removeActions: [actions.readGrant] })).userErrors)).toEqual([
      'INVALID_INPUT at removeActions',
    ])
    expect(told((await update(id, { name: 'TWO' })).userErrors)).toEqual(['CONFLICT at name'])
    expect((await update(id, { name: 'ONE' })).userErrors).toEqual([])
  })

  it('cannot add what the caller does not hold at the scope of the role, though they hold it below', async () => {
    const id = await created()
    const viewer = holder(writer(), group)
    const below = {
      ...viewer,
      rolesHeld: [...viewer.rolesHeld, ...holder([actions.revokeGrant], vmId('web')).rolesHeld],
    }
    for (const who of [viewer, below])
      expect((await update(id, { addActions: [actions.revokeGrant] }, who)).userErrors).toMatchObject([
        { code: 'NOT_PERMITTED', action: actions.revokeGrant },
      ])
    expect((await update(id, { name: 'fine' }, viewer)).userErrors).toEqual([])
  })

  it('cannot add what the caller holds for a while only: the role may be held for longer', async () => {
    const id = await created()
    const until = new Date(Date.now() + 3_600_000).toISOString()
    const viewer = holder(writer(actions.revokeGrant), group, until)
    const { userErrors } = await update(id, { addActions: [actions.revokeGrant] }, viewer)
    expect(userErrors).toMatchObject([{ code: 'NOT_PERMITTED', action: actions.revokeGrant }])
    expect(userErrors[0]?.message).toContain(until)
  })

  it('waits for an assignment that is being made, which counts what the role allowed', async () => {
    const id = await created()
    const byHand = await beginByHand(database.store)
    await byHand.query('select 1 from role_versions for update')
    const calls = [
      update(id, { addActions: [actions.revokeGrant] }),
      assign(id, group, holder(writer(actions.readGrant), group)),
    ]
    await waiting(database.store, 2)
    await byHand.query('commit')
    const [updated, assigned] = await Promise.all(calls)
    // Whichever came first: nobody was given what the assigner does not hold by an assignment of theirs.
    expect(updated?.userErrors).toEqual([])
    const [allowed] = await rows<{ actions: string[] }>(
      database.store,
      'select actions from custom_roles where id = $1',
      [id],
    )
    expect(allowed?.actions).toContain(actions.revokeGrant)
    expect(assigned?.userErrors.every(({ code }) => code === 'NOT_PERMITTED')).toBe(true)
  })
})

describe('taking a role back', () => {
  it('is possible once nobody holds it any more, and is said', async () => {
    const id = await created({ name: 'Held' })
    const assignment = (await assign(id, group)).id as string
    expect(told((await remove(id)).userErrors)).toEqual(['CONFLICT at roleId'])
    await removeRole({ store: database.store, viewer: admin }, { assignmentId: assignment })
    const end = await endOfLog(database.store)
    expect(await remove(id)).toEqual({ id, userErrors: [] })
    expect(await roleOf(id)).toBeUndefined()
    expect(await factsAfter(database.store, end)).toMatchObject([
      { kind: 'CustomRoleRemoved', detail: { roleId: id, name: 'Held', actions: [actions.readGrant] } },
    ])
    expect(told((await remove(id)).userErrors)).toEqual(['NOT_FOUND at roleId'])
  })

  it('and changing one look alike for a role that is hidden and one that is not there', async () => {
    const id = await created()
    for (const viewer of [stranger, reader, holder(writer(), otherGroup)]) {
      expect(await remove(id, viewer)).toEqual(await remove(nobody, viewer))
      expect(await update(id, { name: 'x' }, viewer)).toEqual(await update(nobody, { name: 'x' }, viewer))
      expect(told((await remove(id, viewer)).userErrors)).toEqual(['NOT_FOUND at roleId'])
    }
  })

  it('and changing one are for whoever may write roles at its scope, not below it', async () => {
    const id = await created({ scope: subscription })
    const below = holder(writer(actions.readGrant), group)
    expect(told((await remove(id, below)).userErrors)).toEqual(['NOT_PERMITTED at roleId'])
    expect(told((await update(id, { name: 'x' }, below)).userErrors)).toEqual(['NOT_PERMITTED at roleId'])
  })
})
