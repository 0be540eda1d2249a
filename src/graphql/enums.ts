import { approverKinds, type ApproverKind } from '../access/approval.ts'
import { overridable } from '../access/overrides.ts'
import { principalKinds, type PrincipalKind } from '../access/role.ts'
import { leavings } from '../access/template.ts'
import { unsupportedMeanings } from '../access/unsupported.ts'
import { policyConstraints, userErrorCodes, type PolicyConstraint, type UserError } from '../access/user-error.ts'
import * as words from '../access/words.ts'
import { described } from './described-enum.ts'

export const Protocol = described('Protocol', 'What a port speaks.', words.protocols, {
  TCP: 'TCP only.',
  UDP: 'UDP only.',
  ANY: 'Every protocol that has ports.',
})
export const OperatingSystem = described('OperatingSystem', 'What a machine runs.', words.operatingSystems, {
  LINUX: 'Linux: by default SSH, port 22, is protected.',
  WINDOWS: 'Windows: by default RDP, port 3389, is protected.',
})
export const PowerState = described('PowerState', 'Whether a machine runs, as last seen.', words.powerStates, {
  RUNNING: 'It runs.',
  STOPPED: 'Shut down, still holding its hardware.',
  DEALLOCATED: 'Shut down, its hardware given back.',
  STARTING: 'On its way up.',
  STOPPING: 'On its way down.',
  UNKNOWN: 'The cloud did not say.',
})
export const JitStatus = described('JitStatus', 'Whether just-in-time access guards a machine.', words.jitStatuses, {
  CONFIGURED: 'A policy protects its ports.',
  NOT_CONFIGURED: 'It could be protected and is not.',
  UNSUPPORTED: 'It cannot be protected; `unsupportedReason` says why.',
})
export const UnsupportedReason = described(
  'UnsupportedReason',
  'Why just-in-time access cannot guard a machine.',
  words.unsupportedReasons,
  Object.fromEntries(
    words.unsupportedReasons.map((reason) => [
      reason,
      `${unsupportedMeanings[reason].cause} ${unsupportedMeanings[reason].cure}`,
    ]),
  ) as Record<words.UnsupportedReason, string>,
)
export const Cloud = described('Cloud', 'A cloud that machines are in.', words.clouds, {
  AZURE: 'Microsoft Azure.',
  AWS: 'Amazon Web Services.',
})
export const BoundaryKind = described('BoundaryKind', 'What kind of rule set a boundary is.', words.boundaryKinds, {
  AZURE_FIREWALL:
    'An Azure Firewall with rules of its own (classic rules): it sends what comes to a port of its public address on to a machine.',
  NETWORK_SECURITY_GROUP: 'A network security group (NSG) of Azure.',
  SECURITY_GROUP: 'The security groups that a network interface of AWS wears: AWS takes their rules for one set.',
})
export const RequestStatus = described('RequestStatus', 'What became of a request.', words.requestStatuses, {
  PENDING_APPROVAL: 'Waiting for an approver.',
  APPROVED: 'Granted, by policy or by its approvers.',
  DENIED: 'An approver said no.',
  WITHDRAWN: 'Taken back by its requester before it was opened.',
  LAPSED: 'Nobody decided in time, or nothing was left to decide.',
})
export const Verdict = described('Verdict', 'What an approver says of a request.', words.verdicts, {
  APPROVED: 'It may be opened, as far as this approver is concerned.',
  DENIED: 'It may not be opened, whatever others say.',
})
export const ApproverKindEnum = described('ApproverKind', 'Who an approver is.', approverKinds, {
  USER: 'One person or program, by its id at the identity provider.',
  GROUP: 'Everybody in a group of the identity provider.',
  APP_ROLE: 'Everybody with an app role of the identity provider.',
  ROLE: 'Everybody whose role at the machine allows to approve requests.',
} satisfies Record<ApproverKind, string>)
export const GrantState = described('GrantState', 'Where a grant stands in its life.', words.grantStates, {
  PENDING_APPROVAL: 'Waiting for an approver.',
  SCHEDULED: 'Approved; its window has not begun.',
  OPENING: 'Being opened; not yet proven at every boundary.',
  ACTIVE: 'Proven open for its sources.',
  CLOSING: 'Over, and not yet proven closed: closing is tried until it is.',
  CLOSED: 'Proven closed for new connections.',
  OPEN_FAILED: 'It could not be opened, and nothing of it is left.',
})
export const EndReason = described('EndReason', 'Why a grant ended.', words.endReasons, {
  TIME_UP: 'Its window passed.',
  REVOKED: 'Somebody with the right to do so ended it.',
  RELEASED: 'Its holder ended it early.',
  SUPERSEDED: 'A later grant took its place.',
  POLICY_CHANGED: 'The policy no longer allows it.',
  VM_GONE: 'The machine is gone.',
  LOCKED_DOWN: 'The scope was locked down.',
  DENIED: 'An approver said no; it was never open.',
  WITHDRAWN: 'Its requester took it back; it was never open.',
  LAPSED: 'Nobody decided in time, or its window passed, before it could be opened.',
  DRIFTED: 'Somebody else changed a rule of it, and its account has such grants closed.',
})
export const DriftResponse = described(
  'DriftResponse',
  'What is done where somebody else changed rules of the gateway. A rule that no live grant accounts for is always removed.',
  words.driftResponses,
  {
    RESTORE: 'Puts the rules back as they were.',
    REPORT: 'Leaves them as they were made, until a grant that is not open yet needs the rule.',
    CLOSE: 'Ends the grants whose rules were changed, and puts back the others.',
  },
)
export const Leaving = described(
  'PolicyTemplateLeaving',
  'What becomes of the policy of a machine that no template covers any more.',
  leavings,
  {
    KEEP_POLICY: 'It stays as it is, and stands for itself.',
    DISABLE_JIT: 'It is disabled: grants end, and the ports are as the rules of others leave them.',
  },
)
export const Overridable = described(
  'PolicyTerm',
  'What of a policy can be other than its template says.',
  overridable,
  {
    PORT: 'A port: one that the template does not have, has otherwise, or that the policy does not have.',
    APPROVAL: '`approvalRule`.',
    JUSTIFICATION: '`justificationRule`.',
    TICKET: '`ticketRule`.',
    FOREIGN_RULES: '`closesForeignRules`.',
    NOTICE: '`noticeBeforeEnd`.',
  },
)
export const Safeguard = described('Safeguard', 'What a request by break-glass can go past.', words.safeguards, {
  APPROVAL: 'That somebody has to approve it first.',
  LOCKDOWN: 'A lockdown in force, which the requester may also lift.',
})
export const EnforcementStatus = described(
  'EnforcementStatus',
  'What a boundary was last observed to show for a grant.',
  words.enforcementStatuses,
  {
    UNKNOWN: 'Not read since it was asked.',
    OPEN: 'Its rule stands and admits its packets.',
    BLOCKED: 'Its rule stands, but a deny ahead of it may stop its packets.',
    ABSENT: 'No rule of it stands.',
    SHARED: 'A rule that would admit it stands, for other grants only.',
  },
)
export const ActorKind = described('ActorKind', 'What kind of actor.', words.actorKinds, {
  PERSON: 'A person who signed in.',
  PROGRAM: 'A program with its own identity.',
  GATEWAY: 'The gateway itself: expiry, repair, inventory sync.',
})
export const PrincipalKindEnum = described('PrincipalKind', 'To whom a role is assigned.', principalKinds, {
  USER: 'One person or program, by its id at the identity provider.',
  GROUP: 'Everybody in a group of the identity provider.',
  APP_ROLE: 'Everybody with an app role of the identity provider.',
} satisfies Record<PrincipalKind, string>)
export const PolicyConstraintEnum = described(
  'PolicyConstraint',
  'A constraint of a policy, which a request satisfies or fails.',
  policyConstraints,
  {
    PORT: 'The policy has to protect the port.',
    PROTOCOL: 'It has to protect it for the protocol.',
    SOURCE: 'The source has to lie within the allowed ones.',
    DURATION: 'The window may not be longer than the maximum.',
    JUSTIFICATION: 'The justification has to be there where one is required, and to match the pattern.',
    TICKET: 'The ticket has to be there where one is required, and its id to match the pattern.',
    APPROVAL: 'There have to be as many approvers beside the requester as approvals are needed.',
  } satisfies Record<PolicyConstraint, string>,
)
export const UserErrorCode = described('UserErrorCode', 'The kind of a user error, for programs.', userErrorCodes, {
  INVALID_INPUT: 'A value that would never be accepted.',
  NOT_FOUND: 'No such thing, or none that the viewer may know of.',
  NOT_PERMITTED: 'The viewer may see it but not do this.',
  POLICY_VIOLATION: 'The policy does not allow it.',
  LOCKED_DOWN: 'A lockdown is in force there.',
  CONFLICT: 'Right in itself, but not in the present state.',
  LIMIT_EXCEEDED: 'More than one call may carry.',
} satisfies Record<UserError['code'], string>)
