/** The closed vocabularies of the product, once: SQL enums, GraphQL enums and code are made from these. */
export const protocols = ['TCP', 'UDP', 'ANY'] as const
export type Protocol = (typeof protocols)[number]

export const operatingSystems = ['LINUX', 'WINDOWS'] as const
export type OperatingSystem = (typeof operatingSystems)[number]

export const powerStates = ['RUNNING', 'STOPPED', 'DEALLOCATED', 'STARTING', 'STOPPING', 'UNKNOWN'] as const
export type PowerState = (typeof powerStates)[number]

export const jitStatuses = ['CONFIGURED', 'NOT_CONFIGURED', 'UNSUPPORTED'] as const
export type JitStatus = (typeof jitStatuses)[number]

export const unsupportedReasons = [
  'NO_NETWORK_SECURITY_GROUP',
  'BOUNDARY_NOT_VISIBLE',
  'CLASSIC',
  'NO_PRIVATE_ADDRESS',
  'FIREWALL_MANAGED_BY_POLICY',
  'DISABLED_BY_POLICY',
  'OTHER',
] as const
export type UnsupportedReason = (typeof unsupportedReasons)[number]

export const clouds = ['AZURE', 'AWS'] as const
export type CloudName = (typeof clouds)[number]

/** The kinds of rule sets that clouds enforce, in the order in which a packet from outside meets them. */
export const boundaryKinds = ['AZURE_FIREWALL', 'NETWORK_SECURITY_GROUP', 'SECURITY_GROUP'] as const
export type BoundaryKind = (typeof boundaryKinds)[number]

export const requestStatuses = ['PENDING_APPROVAL', 'APPROVED', 'DENIED', 'WITHDRAWN', 'LAPSED'] as const
export type RequestStatus = (typeof requestStatuses)[number]

/** What an approver says of a request. */
export const verdicts = ['APPROVED', 'DENIED'] as const
export type Verdict = (typeof verdicts)[number]

export const grantStates = [
  'PENDING_APPROVAL',
  'SCHEDULED',
  'OPENING',
  'ACTIVE',
  'CLOSING',
  'CLOSED',
  'OPEN_FAILED',
] as const
export type GrantState = (typeof grantStates)[number]

export const endReasons = [
  'TIME_UP',
  'REVOKED',
  'RELEASED',
  'SUPERSEDED',
  'POLICY_CHANGED',
  'VM_GONE',
  'LOCKED_DOWN',
  'DENIED',
  'WITHDRAWN',
  'LAPSED',
  'DRIFTED',
] as const
export type EndReason = (typeof endReasons)[number]

/** What an account wants done where somebody else changed rules of ours. */
export const driftResponses = ['RESTORE', 'REPORT', 'CLOSE'] as const
export type DriftResponse = (typeof driftResponses)[number]

/** What a request by break-glass went past. */
export const safeguards = ['APPROVAL', 'LOCKDOWN'] as const
export type Safeguard = (typeof safeguards)[number]

/**
 * What a boundary was last observed to show for a grant. BLOCKED: its rule stands, behind a deny that may stop its
 * packets. SHARED: its rule stays for other grants only.
 */
export const enforcementStatuses = ['UNKNOWN', 'OPEN', 'BLOCKED', 'ABSENT', 'SHARED'] as const
export type EnforcementStatus = (typeof enforcementStatuses)[number]

export const actorKinds = ['PERSON', 'PROGRAM', 'GATEWAY'] as const
export type ActorKind = (typeof actorKinds)[number]

/** Who did it. `id` is stable (an OIDC subject); `name` is what a person reads. */
export interface Actor {
  readonly kind: ActorKind
  readonly id: string
  readonly name: string
}

/** The gateway itself, as the actor of what nobody asked for: expiry, repair, inventory sync. */
export const gatewayActor: Actor = { kind: 'GATEWAY', id: 'gateway', name: 'JIT Gateway' }
