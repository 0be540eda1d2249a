/**
 * What a role may allow. The first four are the action strings of Microsoft Defender for Cloud's JIT access (source:
 * its "just-in-time access usage" page); those of JitGateway have no counterpart there.
 */
export const actions = {
  readVirtualMachine: 'Microsoft.Compute/virtualMachines/read',
  readPolicy: 'Microsoft.Security/locations/jitNetworkAccessPolicies/read',
  writePolicy: 'Microsoft.Security/locations/jitNetworkAccessPolicies/write',
  requestAccess: 'Microsoft.Security/locations/jitNetworkAccessPolicies/initiate/action',
  approveRequest: 'JitGateway/requests/approve/action',
  revokeGrant: 'JitGateway/grants/revoke/action',
  readGrant: 'JitGateway/grants/read',
  readActivity: 'JitGateway/activity/read',
  readBoundary: 'Microsoft.Network/networkSecurityGroups/read',
  readAccount: 'JitGateway/accounts/read',
  writeAccount: 'JitGateway/accounts/write',
  readLockdown: 'JitGateway/scopes/lockDown/read',
  breakGlass: 'JitGateway/requests/breakGlass/action',
  reviewBreakGlass: 'JitGateway/requests/reviewBreakGlass/action',
  lockDown: 'JitGateway/scopes/lockDown/action',
  liftLockDown: 'JitGateway/scopes/liftLockDown/action',
  readRole: 'Microsoft.Authorization/roleAssignments/read',
  writeRole: 'Microsoft.Authorization/roleAssignments/write',
} as const
export type Action = (typeof actions)[keyof typeof actions]

const reading = [
  actions.readVirtualMachine,
  actions.readPolicy,
  actions.readGrant,
  actions.readActivity,
  actions.readBoundary,
  actions.readAccount,
  actions.readLockdown,
] as const

const operating = [
  ...reading,
  actions.requestAccess,
  actions.revokeGrant,
  actions.lockDown,
  actions.liftLockDown,
  actions.breakGlass,
  actions.reviewBreakGlass,
] as const

/** The built-in roles. A requester sees the machines and policies of the scope and, of grants, only the own. */
export const roles: Record<Role, readonly Action[]> = {
  READER: reading,
  REQUESTER: [actions.readVirtualMachine, actions.readPolicy, actions.requestAccess],
  OPERATOR: operating,
  POLICY_ADMIN: [
    ...operating,
    actions.approveRequest,
    actions.writePolicy,
    actions.writeAccount,
    actions.readRole,
    actions.writeRole,
  ],
}
export const roleNames = ['READER', 'REQUESTER', 'OPERATOR', 'POLICY_ADMIN'] as const
export type Role = (typeof roleNames)[number]

export const principalKinds = ['USER', 'GROUP', 'APP_ROLE'] as const
export type PrincipalKind = (typeof principalKinds)[number]
