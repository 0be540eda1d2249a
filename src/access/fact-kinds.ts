/** Every kind of fact in the activity log, in the past tense. The log knows them in this order: new ones come last. */
export const factKinds = [
  'GrantRequested',
  'GrantScheduled',
  'GrantOpening',
  'GrantActivated',
  'GrantOpenFailed',
  'GrantClosing',
  'GrantCloseDelayed',
  'GrantClosed',
  'GrantDrifted',
  'AccountRegistered',
  'VirtualMachineFound',
  'VirtualMachineChanged',
  'VirtualMachineGone',
  'PolicyCreated',
  'PolicyUpdated',
  'PolicyDisabled',
  'AccessRequested',
  'ApprovalDecided',
  'RequestApproved',
  'RequestDenied',
  'RequestWithdrawn',
  'RequestLapsed',
  'BoundaryWritten',
  'BoundaryWriteFailed',
  'ExposureFound',
  'ExposureCleared',
  'ForeignRuleTaken',
  'ForeignRuleReturned',
  'RoleAssigned',
  'RoleRemoved',
  'RuleDrifted',
  'AccountUpdated',
  'LockdownBegan',
  'LockdownLifted',
  'GrantExtended',
  'GrantEndsSoon',
  'BreakGlassUsed',
  'BreakGlassReviewed',
  'RoleExpired',
  'CustomRoleCreated',
  'CustomRoleUpdated',
  'CustomRoleRemoved',
  'PolicyTemplateCreated',
  'PolicyTemplateUpdated',
  'PolicyTemplateRemoved',
] as const
export type FactKind = (typeof factKinds)[number]

/** Facts of the life of a grant: exactly these are sent to subscribers of grant events. */
export const grantFactKinds = [
  'GrantRequested',
  'GrantScheduled',
  'GrantOpening',
  'GrantActivated',
  'GrantExtended',
  'GrantEndsSoon',
  'GrantOpenFailed',
  'GrantClosing',
  'GrantCloseDelayed',
  'GrantClosed',
  'GrantDrifted',
] as const satisfies readonly FactKind[]
export type GrantFactKind = (typeof grantFactKinds)[number]

/** Facts about requests: exactly these are sent to subscribers of request events. */
export const requestFactKinds = [
  'AccessRequested',
  'ApprovalDecided',
  'RequestApproved',
  'RequestDenied',
  'RequestWithdrawn',
  'RequestLapsed',
] as const satisfies readonly FactKind[]
export type RequestFactKind = (typeof requestFactKinds)[number]

/** Facts of who may do what: they say more than the rest of the log, and change what is seen of it. */
export const roleFactKinds = [
  'RoleAssigned',
  'RoleRemoved',
  'RoleExpired',
  'CustomRoleCreated',
  'CustomRoleUpdated',
  'CustomRoleRemoved',
] as const satisfies readonly FactKind[]
