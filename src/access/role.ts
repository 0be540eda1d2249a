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

/**
 * The built-in roles. A requester sees the machines and policies of the scope and, of grants, only the own. A policy
 * admin may do everything: nobody can give what nobody holds.
 */
export const roles: Record<Role, readonly Action[]> = {
  READER: reading,
  REQUESTER: [actions.readVirtualMachine, actions.readPolicy, actions.requestAccess],
  APPROVER: [
    actions.readVirtualMachine,
    actions.readPolicy,
    actions.readGrant,
    actions.readActivity,
    actions.approveRequest,
  ],
  OPERATOR: operating,
  POLICY_ADMIN: Object.values(actions),
  AUDITOR: [...reading, actions.readRole],
}
/** What the built-in roles are for. */
export const rolePurposes: Record<Role, string> = {
  READER: 'Sees everything of the scope, but who holds which role, and changes nothing.',
  REQUESTER:
    'Sees machines and policies, asks for access, and sees the own requests and grants. The least of all roles.',
  APPROVER: 'Sees machines, policies, requests and grants, and decides on requests.',
  OPERATOR:
    'A reader who may also ask for access, by break-glass too, review what others did so, revoke grants, lock scopes ' +
    'down and lift lockdowns.',
  POLICY_ADMIN: 'Does everything: policies, accounts and roles too.',
  AUDITOR: 'Sees everything of the scope, roles and all that happened with them too, and changes nothing.',
}
export const roleNames = ['READER', 'REQUESTER', 'APPROVER', 'OPERATOR', 'POLICY_ADMIN', 'AUDITOR'] as const
export type Role = (typeof roleNames)[number]

/** The built-in role of that name; null for what is none. */
export function builtInRole(name: string): Role | null {
  return roleNames.find((one) => one === name) ?? null
}

/** A set of actions that people put together, with a name of their own for it. */
export interface CustomRole {
  readonly id: string
  readonly name: string
  readonly actions: readonly Action[]
}

/** What a role allows. */
export function actionsOf(role: Role | CustomRole): readonly Action[] {
  return typeof role === 'string' ? roles[role] : role.actions
}

/** What people call a role. */
export function nameOf(role: Role | CustomRole): string {
  return typeof role === 'string' ? role : role.name
}

/** Those of `texts` that are actions, as they are written here: the case of an action does not matter. */
export function readActions(texts: readonly string[]): {
  readonly known: readonly Action[]
  readonly unknown: string[]
} {
  const found = texts.map((text) => byLowerCase.get(text.trim().toLowerCase()))
  return {
    known: Object.values(actions).filter((action) => found.includes(action)),
    unknown: texts.filter((_text, place) => found[place] === undefined),
  }
}

const byLowerCase = new Map(Object.values(actions).map((action) => [action.toLowerCase(), action]))

export const principalKinds = ['USER', 'GROUP', 'APP_ROLE'] as const
export type PrincipalKind = (typeof principalKinds)[number]
