import { describe, expect, it } from 'vitest'
import { delegable } from '../../src/access/delegate.ts'
import { explain } from '../../src/access/explain.ts'
import { actions, readActions, roles, type Action } from '../../src/access/role.ts'
import type { RoleHeld, Viewer } from '../../src/access/viewer.ts'

const group = '/subscriptions/a1b2c3d4-0000-4000-8000-000000000001/resourcegroups/shop'
const machine = `${group}/providers/microsoft.compute/virtualmachines/web`

/** A role of these actions that is held at a scope until a moment. */
const held = (allowed: readonly Action[], scope: string, endsAt: string | null = null): RoleHeld => ({
  role: { id: 'some', name: 'some', actions: allowed },
  scope,
  by: { assignmentId: 'some', principalKind: 'USER', principalId: 'vera', endsAt },
})
const viewer = (...rolesHeld: RoleHeld[]): Viewer => ({
  actor: { kind: 'PERSON', id: 'vera', name: 'Vera' },
  groups: [],
  appRoles: [],
  rolesHeld,
  address: null,
})
const [noon, evening] = ['2026-11-25T12:00:00.000Z', '2026-11-25T18:00:00.000Z']

describe('what somebody may give others', () => {
  const given = [actions.readGrant, actions.revokeGrant]

  it('is what they hold at that scope, or above it', () => {
    expect(delegable(viewer(held(given, group)), given, machine)).toEqual({ lacking: [], until: null })
    expect(delegable(viewer(held(given, machine)), given, group)).toEqual({ lacking: given, until: null })
    const split = viewer(held([actions.readGrant], '/'), held([actions.revokeGrant], machine))
    expect(delegable(split, given, group)).toEqual({ lacking: [actions.revokeGrant], until: null })
    expect(delegable(split, given, machine)).toEqual({ lacking: [], until: null })
  })

  it('ends when the first of it ends that is not held otherwise', () => {
    expect(delegable(viewer(held(given, '/', evening)), given, group).until).toBe(evening)
    const sooner = [held([actions.readGrant], '/', evening), held([actions.revokeGrant], '/', noon)]
    expect(delegable(viewer(...sooner), given, group).until).toBe(noon)
    expect(delegable(viewer(...sooner, held([actions.revokeGrant], group)), given, group).until).toBe(evening)
    expect(delegable(viewer(...sooner, held(given, group)), given, group).until).toBeNull()
  })

  it('need not end where the configuration gives it', () => {
    expect(delegable(viewer({ role: 'OPERATOR', scope: '/' }), given, group)).toEqual({ lacking: [], until: null })
  })
})

describe('an explanation', () => {
  const asker = viewer(held([actions.revokeGrant], machine, noon), { role: 'READER', scope: '/' })

  it('names every role held that allows an action at a scope', () => {
    expect(explain(asker, actions.revokeGrant, machine).allowedBy).toEqual([asker.rolesHeld[0]])
    expect(explain(asker, actions.readGrant, machine).allowedBy).toEqual([asker.rolesHeld[1]])
  })

  it('names roles that would, and those that are held elsewhere', () => {
    const missing = explain(asker, actions.revokeGrant, group)
    expect(missing).toEqual({
      allowedBy: [],
      heldElsewhere: [asker.rolesHeld[0]],
      wouldAllow: ['OPERATOR', 'POLICY_ADMIN'],
    })
    expect(explain(asker, actions.readVirtualMachine, '/').wouldAllow[0]).toBe('REQUESTER')
  })
})

describe('the built-in roles', () => {
  it('allow a policy admin everything: what nobody holds could be given by nobody', () => {
    expect(roles.POLICY_ADMIN.toSorted()).toEqual(Object.values(actions).toSorted())
  })

  it('let readers and auditors change nothing', () => {
    for (const role of [roles.READER, roles.AUDITOR])
      expect(role.filter((action) => !action.toLowerCase().endsWith('/read'))).toEqual([])
    expect(Object.values(actions).filter((action) => action.endsWith('/read'))).toEqual(
      expect.arrayContaining([...roles.AUDITOR]),
    )
    expect(roles.AUDITOR).toHaveLength(Object.values(actions).filter((action) => action.endsWith('/read')).length)
  })
})

it('actions are read in any case, and what is none is told', () => {
  const texts = [actions.revokeGrant.toUpperCase(), ` ${actions.readGrant} `, 'Microsoft.Compute/*', '']
  expect(readActions(texts)).toEqual({
    known: [actions.revokeGrant, actions.readGrant],
    unknown: ['Microsoft.Compute/*', ''],
  })
})
