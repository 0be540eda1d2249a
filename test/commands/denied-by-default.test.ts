import { beforeAll, describe, expect, it } from 'vitest'
import { actions, roleNames, type Role } from '../../src/access/role.ts'
import type { UserError } from '../../src/access/user-error.ts'
import { assignRole } from '../../src/commands/assign-role.ts'
import type { CommandContext } from '../../src/commands/command.ts'
import { decideRequest } from '../../src/commands/decide-request.ts'
import { createCustomRole } from '../../src/commands/create-custom-role.ts'
import { disableJit } from '../../src/commands/disable-jit.ts'
import { dropPolicyOverrides } from '../../src/commands/drop-policy-overrides.ts'
import { enableJit } from '../../src/commands/enable-jit.ts'
import { extendGrant } from '../../src/commands/extend-grant.ts'
import { followTemplates } from '../../src/commands/follow-templates.ts'
import { liftLockDown } from '../../src/commands/lift-lock-down.ts'
import { lockDown } from '../../src/commands/lock-down.ts'
import { registerAccount } from '../../src/commands/register-account.ts'
import { releaseGrant } from '../../src/commands/release-grant.ts'
import { removeCustomRole } from '../../src/commands/remove-custom-role.ts'
import { removeRole } from '../../src/commands/remove-role.ts'
import { requestAccess } from '../../src/commands/request-access.ts'
import { reviewBreakGlass } from '../../src/commands/review-break-glass.ts'
import { revokeGrant } from '../../src/commands/revoke-grant.ts'
import { setPolicyTemplates } from '../../src/commands/set-policy-templates.ts'
import { syncAccount } from '../../src/commands/sync-account.ts'
import { updateAccount } from '../../src/commands/update-account.ts'
import { updateCustomRole } from '../../src/commands/update-custom-role.ts'
import { updatePolicy } from '../../src/commands/update-policy.ts'
import { withdrawRequest } from '../../src/commands/withdraw-request.ts'
import { createSchema } from '../../src/graphql/schema.ts'
import { useDatabase } from '../support/database.ts'
import {
  account,
  admin,
  boundaryId,
  grantTo,
  group,
  otherGroup,
  person,
  protect,
  requester,
  vmId,
  writeMachines,
} from './support/estate.ts'
import { askFor, protectOn } from './support/approvals.ts'
import { everything } from './support/look.ts'

const database = useDatabase()
const there = {
  policyId: '',
  followingId: '',
  grantId: '',
  assignmentId: '',
  lockdownId: '',
  requestId: '',
  roleId: '',
  asked: '',
  askedToo: '',
}

interface Answer {
  readonly userErrors: readonly UserError[]
  readonly results?: readonly { readonly userErrors: readonly UserError[] }[]
}

/** Every verb, called so that it writes something when it is permitted, and the roles that permit it. */
const verbs: Record<string, { roles: readonly Role[]; call: (context: CommandContext) => Promise<Answer> }> = {
  enableJit: {
    roles: ['POLICY_ADMIN'],
    call: (context) => enableJit(context, { vmIds: [vmId('bare')], idempotencyKey: 'enable' }),
  },
  updatePolicy: {
    roles: ['POLICY_ADMIN'],
    call: (context) => updatePolicy(context, { policyIds: [there.policyId], setPorts: [{ port: 23 }] }),
  },
  disableJit: { roles: ['POLICY_ADMIN'], call: (context) => disableJit(context, { vmIds: [vmId('web')] }) },
  requestAccess: {
    roles: ['REQUESTER', 'OPERATOR', 'POLICY_ADMIN'],
    call: (context) =>
      requestAccess(context, { targets: [{ vmId: vmId('web'), ports: [{ port: 22 }] }], idempotencyKey: 'request' }),
  },
  approveRequest: {
    roles: ['APPROVER', 'POLICY_ADMIN'],
    call: (context) => decideRequest(context, { requestId: there.asked }, 'APPROVED'),
  },
  denyRequest: {
    roles: ['APPROVER', 'POLICY_ADMIN'],
    call: (context) => decideRequest(context, { requestId: there.askedToo }, 'DENIED'),
  },
  withdrawRequest: { roles: [], call: (context) => withdrawRequest(context, { requestId: there.asked }) },
  extendGrant: { roles: [], call: (context) => extendGrant(context, { grantId: there.grantId }) },
  releaseGrant: { roles: [], call: (context) => releaseGrant(context, { grantId: there.grantId }) },
  revokeGrant: {
    roles: ['OPERATOR', 'POLICY_ADMIN'],
    call: (context) => revokeGrant(context, { grantId: there.grantId }),
  },
  lockDown: {
    roles: ['OPERATOR', 'POLICY_ADMIN'],
    call: (context) => lockDown(context, { scope: vmId('web'), reason: 'a drill' }),
  },
  reviewBreakGlass: {
    roles: ['OPERATOR', 'POLICY_ADMIN'],
    call: (context) => reviewBreakGlass(context, { requestId: there.requestId, note: 'was needed' }),
  },
  liftLockDown: {
    roles: ['OPERATOR', 'POLICY_ADMIN'],
    call: (context) => liftLockDown(context, { lockdownId: there.lockdownId }),
  },
  registerAccount: {
    roles: ['POLICY_ADMIN'],
    call: (context) => registerAccount(context, { subscriptionId: 'a1b2c3d4-0000-4000-8000-000000000002' }),
  },
  syncAccount: { roles: ['POLICY_ADMIN'], call: (context) => syncAccount(context, { accountId: account }) },
  updateAccount: {
    roles: ['POLICY_ADMIN'],
    call: (context) => updateAccount(context, { accountId: account, driftResponse: 'REPORT' }),
  },
  assignRole: {
    roles: ['POLICY_ADMIN'],
    call: (context) =>
      assignRole(context, { principalKind: 'USER', principalId: 'mallory', role: 'READER', scope: group }),
  },
  createCustomRole: {
    roles: ['POLICY_ADMIN'],
    call: (context) => createCustomRole(context, { name: 'made', scope: group, actions: [actions.readGrant] }),
  },
  updateCustomRole: {
    roles: ['POLICY_ADMIN'],
    call: (context) => updateCustomRole(context, { roleId: there.roleId, removeActions: [actions.readGrant] }),
  },
  removeCustomRole: {
    roles: ['POLICY_ADMIN'],
    call: (context) => removeCustomRole(context, { roleId: there.roleId }),
  },
  setPolicyTemplates: {
    roles: ['POLICY_ADMIN'],
    call: (context) =>
      setPolicyTemplates(context, { scope: group, templates: [{ name: 'another', tags: [{ name: 'x' }] }] }),
  },
  dropPolicyOverrides: {
    roles: ['POLICY_ADMIN'],
    call: (context) => dropPolicyOverrides(context, { policyIds: [there.followingId] }),
  },
  removeRole: { roles: ['POLICY_ADMIN'], call: (context) => removeRole(context, { assignmentId: there.assignmentId }) },
}

const codes = ({ userErrors, results = [] }: Answer) =>
  [...userErrors, ...results.flatMap((result) => result.userErrors)].map(({ code }) => code)

beforeAll(async () => {
  const { store } = database
  there.policyId = await protect(store, 'web')
  there.grantId = await grantTo(store, requester, 'web')
  await protectOn(store, 'watched', { approvalRule: { approvalsNeeded: 1 } })
  there.asked = (await askFor(store, 'watched')).requestId
  there.askedToo = (await askFor(store, 'watched')).requestId
  await writeMachines(store, ['bare'])
  await writeMachines(store, ['vault'], { group: otherGroup })
  const role = { principalKind: 'USER', principalId: 'pat', role: 'READER', scope: group } as const
  there.assignmentId = (await assignRole({ store, viewer: admin }, role)).id ?? ''
  const emergency = {
    targets: [{ vmId: vmId('web'), ports: [{ port: 22 }] }],
    justification: 'a drill',
    breakGlass: true,
  }
  there.requestId = (await requestAccess({ store, viewer: person('olga', 'OPERATOR') }, emergency)).requestId ?? ''
  there.lockdownId = (await lockDown({ store, viewer: admin }, { scope: vmId('bare'), reason: 'a drill' })).id ?? ''
  const made = { name: 'reading', scope: group, actions: [actions.readGrant, actions.readActivity] }
  there.roleId = (await createCustomRole({ store, viewer: admin }, made)).id ?? ''
  there.followingId = await protect(store, 'following')
  await store.pool.query(`update virtual_machines set tags = '{"env":"prod"}' where id = $1`, [vmId('following')])
  const templates = [{ name: 'production', tags: [{ name: 'env' }], ports: [{ port: 3389 }] }]
  await setPolicyTemplates({ store, viewer: admin }, { scope: group, templates })
  await followTemplates(store, 100)
  await store.pool.query('update boundary_reconciles set next_run_at = null where boundary_id = $1', [
    boundaryId('front'),
  ])
})

it('is asked of every verb of the API', () => {
  const fields = createSchema().getMutationType()?.getFields() ?? {}
  expect(Object.keys(verbs).toSorted()).toEqual(Object.keys(fields).toSorted())
})

describe.each(Object.entries(verbs))('%s', (_name, { roles, call }) => {
  const deniedTo = roleNames.filter((role) => !roles.includes(role))
  const outsiders = [
    { who: 'whoever has no role', viewer: person('mallory') },
    ...deniedTo.map((role) => ({ who: `${role} everywhere`, viewer: person('mallory', role) })),
    ...roleNames.map((role) => ({ who: `${role} elsewhere`, viewer: person('mallory', role, otherGroup) })),
    ...roleNames.map((role) => ({
      who: `${role} of a group named alike`,
      viewer: person('mallory', role, `${group}2`),
    })),
  ]

  it.each(outsiders)('is denied to $who, and nothing is written', async ({ viewer }) => {
    const before = await everything(database.store)
    const answer = await call({ store: database.store, viewer })
    expect(codes(answer)).toHaveLength(1)
    expect(['NOT_FOUND', 'NOT_PERMITTED']).toContain(codes(answer)[0])
    expect(await everything(database.store)).toEqual(before)
  })
})

// The last of the file: it changes what the verbs are about.
it('lets each verb do its work for whoever has the right, so that every denial above meant something', async () => {
  const order = ['requestAccess', 'revokeGrant', 'enableJit', 'updatePolicy', 'disableJit', 'registerAccount']
  const ofRoles = ['assignRole', 'removeRole', 'createCustomRole', 'updateCustomRole', 'removeCustomRole']
  const ofRequests = ['approveRequest', 'denyRequest', 'lockDown', 'liftLockDown', 'reviewBreakGlass']
  for (const name of [...order, ...ofRequests, 'syncAccount', 'updateAccount', ...ofRoles]) {
    const before = await everything(database.store)
    const answer = await verbs[name]?.call({ store: database.store, viewer: admin })
    expect(answer === undefined ? ['no verb'] : codes(answer), name).toEqual([])
    expect(await everything(database.store), name).not.toEqual(before)
  }
})
