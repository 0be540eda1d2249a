import { describe, expect, test } from 'vitest'
import { actions, roles } from '../../../src/access/role.ts'
import * as estate from '../support/small-estate.ts'
import { requester, useTeller } from './support/teller.ts'

const { tell } = useTeller()

describe('the estate and who may do what', () => {
  test('boundaries are listed and shown with their rules', async () => {
    const { boundaries } = await tell('list-boundaries')
    expect(boundaries.nodes).toMatchObject([{ name: 'front', rules: [{ name: 'allow-ssh', ours: false }] }])
    const { boundary } = await tell('boundary-with-rules', { id: estate.boundaryId('front') })
    expect(boundary.rules[0]).toMatchObject({ access: 'ALLOW', sources: ['*'], ports: [{ first: 22, last: 22 }] })
    expect(boundary.virtualMachines.nodes).toHaveLength(20)
    expect(await tell('taken-rules', { id: estate.boundaryId('front') })).toEqual({
      boundary: { kind: 'NETWORK_SECURITY_GROUP', takenRules: [] },
    })
  })

  test('an account is registered, listed, synced and shown', async () => {
    const subscriptionId = 'B7B7B7B7-0000-4000-8000-000000000002'
    const { registerAccount } = await tell('register-account', { subscriptionId, name: 'Lab' })
    expect(registerAccount.account).toMatchObject({ name: 'Lab', status: 'REGISTERED' })
    const { accounts } = await tell('list-accounts')
    expect(accounts.nodes.map(({ name }: { name: string }) => name)).toEqual(['Lab', 'Shop'])
    const { id } = registerAccount.account
    const { updateAccount } = await tell('set-drift-response', { account: id, driftResponse: 'REPORT' })
    expect(updateAccount).toEqual({ account: { id, driftResponse: 'REPORT' }, userErrors: [] })
    expect((await tell('drifted-rules')).activity.nodes).toEqual([])
    expect(await tell('sync-account', { account: id })).toMatchObject({ syncAccount: { account: { id } } })
    expect(await tell('show-account', { id: estate.accountId })).toMatchObject({
      account: { name: 'Shop', virtualMachineCounts: { unsupported: 1 } },
    })
  })

  test('a role is assigned for a while, listed and removed', async () => {
    const given = { principalKind: 'GROUP', principalId: 'on-call', scope: estate.resourceGroup }
    const endsAt = new Date(Date.now() + 3_600_000).toISOString()
    const { assignRole } = await tell('assign-role', { ...given, role: 'OPERATOR', endsAt })
    const { id, role } = assignRole.roleAssignment
    expect(role).toEqual({ name: 'OPERATOR', actions: roles.OPERATOR })
    const { roleAssignments } = await tell('list-role-assignments', { filter: { principalIds: ['on-call'] } })
    expect(roleAssignments.nodes).toMatchObject([{ id, ...given, role: { name: 'OPERATOR' }, endsAt }])
    expect(await tell('remove-role', { roleAssignment: id })).toMatchObject({ removeRole: { removedId: id } })
    expect((await tell('list-role-assignments')).roleAssignments.nodes).toEqual([])
  })

  test('a role is made, assigned, changed, shown and taken back', async () => {
    const made = { name: 'On call', scope: estate.resourceGroup, actions: [actions.revokeGrant, actions.readGrant] }
    const { createCustomRole } = await tell('create-custom-role', { input: { ...made, idempotencyKey: 'on call' } })
    const { id } = createCustomRole.role
    const given = { principalKind: 'USER', principalId: 'olga', role: id, scope: estate.resourceGroup }
    const { assignRole } = await tell('assign-role', given)
    expect(assignRole.roleAssignment.role).toEqual({ name: 'On call', actions: made.actions })

    const { updateCustomRole } = await tell('update-custom-role', { role: id, addActions: [actions.readActivity] })
    expect(updateCustomRole.role.actions).toEqual([...made.actions, actions.readActivity])
    expect((await tell('show-role', { id })).role).toMatchObject({ builtIn: false, createdBy: { name: 'ada' } })
    expect((await tell('list-roles', { filter: { builtIn: false } })).roles.nodes).toMatchObject([{ name: 'On call' }])
    expect((await tell('list-roles', { filter: { allowing: [actions.approveRequest] } })).roles.nodes).toMatchObject([
      { name: 'APPROVER' },
      { name: 'POLICY_ADMIN' },
    ])

    expect((await tell('remove-custom-role', { role: id })).removeCustomRole).toMatchObject({
      removedId: null,
      userErrors: [{ code: 'CONFLICT' }],
    })
    await tell('remove-role', { roleAssignment: assignRole.roleAssignment.id })
    expect((await tell('remove-custom-role', { role: id })).removeCustomRole).toEqual({ removedId: id, userErrors: [] })
  })

  test('the least that whoever asks for access needs is a role of its own', async () => {
    const { createCustomRole } = await tell('create-least-privileged-role', { scope: estate.resourceGroup })
    expect(createCustomRole.role).toMatchObject({ name: 'JIT Access Role', actions: roles.REQUESTER })
  })

  test('a viewer is told by which role they may do something, or what is missing', async () => {
    const asked = { action: actions.revokeGrant.toUpperCase(), scope: estate.resourceGroup.toUpperCase() }
    expect((await tell('explain-access', asked)).viewer.access).toMatchObject({
      allowed: true,
      by: [{ role: 'POLICY_ADMIN', scope: '/' }],
      missing: null,
    })
    expect((await tell('explain-access', asked, requester)).viewer.access).toEqual({
      allowed: false,
      by: [],
      missing: {
        action: actions.revokeGrant,
        scope: estate.resourceGroup,
        roles: ['OPERATOR', 'POLICY_ADMIN'],
        heldElsewhere: [],
      },
    })
  })

  test('a viewer asks who they are', async () => {
    expect(await tell('who-am-i', {}, requester)).toMatchObject({
      viewer: { actor: { id: 'rob' }, address: '203.0.113.7', rolesHeld: [{ role: 'REQUESTER', scope: '/' }] },
    })
  })
})
