import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { actions, roleNames, type Action } from '../../src/access/role.ts'
import { may, mayWithin, type RoleHeld, type Viewer } from '../../src/access/viewer.ts'
import { assignRole } from '../../src/commands/assign-role.ts'
import { createCustomRole } from '../../src/commands/create-custom-role.ts'
import { globalId, type NodeType } from '../../src/graphql/global-id.ts'
import { useDatabase } from '../support/database.ts'
import { settled } from '../support/settled.ts'
import { ask } from './support/ask.ts'
import { person } from './support/context.ts'
import { accounts, grants, machines, writeLockdown, writeTwoAccounts } from './support/two-accounts.ts'

const database = useDatabase()
const lockdowns = new Map<string, string>()
/** A role that somebody made for each scope, and somebody who holds it there. */
const made = new Map<string, { readonly role: string; readonly assignment: string }>()
beforeAll(async () => {
  const { store } = database
  await writeTwoAccounts(store)
  const context = { store, viewer: person('ada', 'POLICY_ADMIN') }
  for (const scope of scopes) {
    const role = (await createCustomRole(context, { name: 'own', scope, actions: [actions.readGrant] })).id ?? ''
    const given = { principalKind: 'USER', principalId: 'zoe', role, scope } as const
    made.set(scope, { role, assignment: (await assignRole(context, given)).id ?? '' })
  }
  for (const scope of scopes) lockdowns.set(await writeLockdown(store, scope), scope)
  await settled(store)
})

const scopes = [
  '/',
  ...accounts.map((id) => `/subscriptions/${id}`),
  ...new Set(machines.map(({ group }) => group)),
  ...machines.map(({ id }) => id),
]
/** A role that somebody made, of any actions. */
const ownRole = fc.subarray(Object.values(actions)).map((some) => ({ id: 'own', name: 'own', actions: some }))
const rolesHeld = fc.array(
  fc.record({
    role: fc.oneof(fc.constantFrom(...roleNames), ownRole),
    scope: fc.constantFrom(...scopes),
  }) as fc.Arbitrary<RoleHeld>,
  { maxLength: 4 },
)
const viewers = fc
  .record({ id: fc.constantFrom('rita', 'rob', 'stranger'), rolesHeld })
  .map(({ id, rolesHeld: held }): Viewer => ({
    actor: { kind: 'PERSON', id, name: id },
    groups: [],
    appRoles: [],
    rolesHeld: held,
    address: null,
  }))

const everything = `{
  virtualMachines(first: 100) { totalCount nodes { id } }
  policies(first: 100) { totalCount nodes { id } }
  grants(first: 100) { totalCount nodes { id virtualMachine { id policy { id } } request { id } } }
  requests(first: 100) { totalCount nodes { id grants { totalCount } } }
  boundaries(first: 100) { totalCount nodes { id } }
  lockdowns(first: 100) { totalCount nodes { id } }
  accounts(first: 100) { totalCount nodes { id virtualMachineCounts { configured } } }
  activity(first: 100) { totalCount nodes { ... on GrantActivity { grant { id } } } }
  roles(first: 100) { totalCount nodes { id builtIn } }
  roleAssignments(first: 100) { totalCount nodes { id role { id } } }
}`

/** What a viewer may see, judged in code: the same judgement as that of verbs and subscriptions. */
function allowed(viewer: Viewer) {
  const at = (action: Action) => (scope: string) => may(viewer, action, scope)
  const seen = (type: NodeType, keys: readonly string[]) =>
    [...new Set(keys)].map((key) => globalId(type, key)).toSorted()
  const visible = machines.filter(({ id }) => at(actions.readVirtualMachine)(id))
  const mine = grants.filter(
    ({ requester, machine }) => requester === viewer.actor.id || at(actions.readGrant)(machine.id),
  )
  return {
    virtualMachines: seen(
      'VirtualMachine',
      visible.map(({ id }) => id),
    ),
    policies: seen(
      'Policy',
      machines.filter(({ id }) => at(actions.readPolicy)(id)).map(({ policy }) => policy),
    ),
    grants: seen(
      'Grant',
      mine.map(({ id }) => id),
    ),
    requests: seen(
      'Request',
      mine.map(({ request }) => request),
    ),
    boundaries: seen(
      'Boundary',
      machines.filter(({ boundary }) => at(actions.readBoundary)(boundary)).map(({ boundary }) => boundary),
    ),
    lockdowns: seen(
      'Lockdown',
      [...lockdowns].flatMap(([id, scope]) => (at(actions.readLockdown)(scope) ? [id] : [])),
    ),
    accounts: seen(
      'Account',
      accounts.filter((id) => at(actions.readAccount)(`/subscriptions/${id}`)),
    ),
    roles: seen('Role', [
      ...roleNames,
      ...[...made].filter(([scope]) => mayWithin(viewer, actions.readRole, scope)).map(([, { role }]) => role),
    ]),
    roleAssignments: seen(
      'RoleAssignment',
      [...made].filter(([scope]) => at(actions.readRole)(scope)).map(([, { assignment }]) => assignment),
    ),
    /** Of what happened, what is about roles asks for more. */
    roleFacts: [...made.keys()].filter((scope) => at(actions.readActivity)(scope) && at(actions.readRole)(scope))
      .length,
    facts: grants
      .filter(({ requester, machine }) => requester === viewer.actor.id || at(actions.readActivity)(machine.id))
      .map(({ id }) => globalId('Grant', id))
      .toSorted(),
  }
}

describe('whatever roles a viewer holds', () => {
  it('the API shows just what they allow, in pages, in counts and behind other things', async () => {
    await fc.assert(
      fc.asyncProperty(viewers, async (viewer) => {
        const shown = await ask<any>(database.store, viewer, everything)
        const may_ = allowed(viewer)
        const types = ['virtualMachines', 'policies', 'grants', 'requests', 'boundaries', 'accounts'] as const
        for (const name of [...types, 'lockdowns', 'roles', 'roleAssignments'] as const) {
          const page = shown[name]
          expect(page.nodes.map(({ id }: { id: string }) => id).toSorted()).toEqual(may_[name])
          expect(page.totalCount).toBe(may_[name].length)
        }
        const facts = shown.activity.nodes.map(({ grant }: any) => grant?.id ?? 'hidden')
        expect(shown.activity.totalCount).toBe(may_.facts.length + may_.roleFacts * 2)
        for (const { role } of shown.roleAssignments.nodes) expect(may_.roles).toContain(role.id)
        expect(facts.filter((id: string) => id !== 'hidden').toSorted()).toEqual(
          may_.facts.filter((id) => may_.grants.includes(id)),
        )
        for (const { virtualMachine } of shown.grants.nodes)
          if (virtualMachine !== null) {
            expect(may_.virtualMachines).toContain(virtualMachine.id)
            if (virtualMachine.policy !== null) expect(may_.policies).toContain(virtualMachine.policy.id)
          }
        for (const { id, virtualMachineCounts } of shown.accounts.nodes)
          expect(virtualMachineCounts.configured).toBe(
            machines.filter(
              ({ account, id: vm }) =>
                globalId('Account', account) === id && may(viewer, actions.readVirtualMachine, vm),
            ).length,
          )
      }),
      { numRuns: 60 },
    )
  })
})

describe('a viewer without roles', () => {
  const nobody = person('stranger', null)

  it('sees nothing, and is told nothing of what there is', async () => {
    const shown = await ask<Record<string, any>>(database.store, nobody, everything)
    const { roles, ...pages } = shown
    for (const page of Object.values(pages)) expect(page).toEqual({ totalCount: 0, nodes: [] })
    expect(roles.nodes.map(({ id }: any) => id)).toEqual(roleNames.map((name) => globalId('Role', name)).toSorted())
  })

  it.each([
    ['VirtualMachine', machines[0]?.id, machines[0]?.id.replace('web', 'none')],
    ['Policy', machines[0]?.policy, '00000000-0000-4000-8000-00000000dead'],
    ['Grant', grants[0]?.id, '00000000-0000-4000-8000-00000000dead'],
    ['Request', grants[0]?.request, '00000000-0000-4000-8000-00000000dead'],
    ['Boundary', machines[0]?.boundary, machines[0]?.boundary.replace('web', 'none')],
    ['Account', accounts[0], '00000000-0000-4000-8000-00000000dead'],
    ['Role', null, '00000000-0000-4000-8000-00000000dead'],
  ] as const)('cannot tell a %s that is there from one that is not', async (type, there, absent) => {
    const answers = await Promise.all(
      [there ?? made.get('/')?.role, absent].map((key) => {
        const id = globalId(type, key ?? '')
        const field = type.charAt(0).toLowerCase() + type.slice(1)
        const document = `query ($id: ID!) { one: ${field}(id: $id) { id } node(id: $id) { id } nodes(ids: [$id]) { id } }`
        return ask(database.store, nobody, document, { id })
      }),
    )
    expect(answers[0]).toEqual({ one: null, node: null, nodes: [null] })
    expect(answers[1]).toEqual(answers[0])
  })
})

describe('facts about roles', () => {
  it('are for those who may read roles, though others read the rest of the log', async () => {
    const scope = `/subscriptions/${accounts[0]}`
    await ask(
      database.store,
      person('ada', 'POLICY_ADMIN'),
      `mutation ($scope: String!) { assignRole(input: { principalKind: USER, principalId: "zed", role: "READER", scope: $scope }) { userErrors { message } } }`,
      { scope },
    )
    await settled(database.store)
    const kinds = `{
      activity(first: 1, filter: { kinds: [ROLE_ASSIGNED] }) { nodes { ... on RoleActivity { principalId role } } }
      roleAssignments(first: 10, filter: { principalIds: ["zed"] }) { nodes { principalId } } }`
    for (const role of ['READER', 'OPERATOR', 'APPROVER'] as const)
      expect(await ask(database.store, person('cleo', role), kinds)).toEqual({
        activity: { nodes: [] },
        roleAssignments: { nodes: [] },
      })
    for (const role of ['AUDITOR', 'POLICY_ADMIN'] as const)
      expect(await ask(database.store, person('ada', role, scope), kinds)).toEqual({
        activity: { nodes: [{ principalId: 'zed', role: 'READER' }] },
        roleAssignments: { nodes: [{ principalId: 'zed' }] },
      })
  })
})
