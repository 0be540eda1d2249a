import type { Approver } from './approval.ts'
import type { PolicyTerms } from './policy.ts'
import type { Ticket } from './ticket.ts'
import type { PolicyConstraint, UserError } from './user-error.ts'
import type { DriftResponse, EndReason, GrantState, Protocol, RequestStatus, Verdict } from './words.ts'

/** Why a grant could not be opened or closed, in words a person can act on. */
export interface CloudFault {
  readonly code: string
  readonly message: string
}

/** What every fact about a grant says of it at that moment, so that a reader of events needs no second read. */
export interface GrantSnapshot {
  readonly state: GrantState
  readonly port: number
  readonly protocol: Protocol
  readonly sources: readonly string[]
  /** ISO 8601; null while the window has not begun and no absolute end was asked. */
  readonly endsAt: string | null
  /** ISO 8601; null when it is to open as soon as it may. */
  readonly startsAt: string | null
  readonly endReason: EndReason | null
  /** Set on a failed opening or a failed attempt to close. */
  readonly fault: CloudFault | null
  /** What failed when it was evaluated again before it opened; empty unless it was closed for that. */
  readonly refusals: readonly Refusal[]
}

/** Why what was asked for no longer passes. */
export interface Refusal {
  readonly code: UserError['code']
  /** Null when it is no constraint of a policy that failed. */
  readonly constraint: PolicyConstraint | null
  readonly message: string
  readonly allowed: readonly string[]
  readonly asked: string | null
}

/** What every fact about a request says of it at that moment. */
export interface RequestSnapshot {
  readonly status: RequestStatus
  readonly justification: string | null
  readonly ticket: Ticket | null
  /** How many grants it asked for. */
  readonly grants: number
  /** ISO 8601; null when it asked to begin as soon as it may. */
  readonly startsAt: string | null
  /** ISO 8601: it lapses when nobody has decided by then; null when nobody has to. */
  readonly decideBy: string | null
  /** The machines it asked for, each once. */
  readonly vmIds: readonly string[]
  /** For whose decision it waited until this moment, and at which machines. */
  readonly awaited: readonly { readonly approvers: readonly Approver[]; readonly vmIds: readonly string[] }[]
  /** Who had decided on it by then, by `Actor.id`. */
  readonly deciders: readonly string[]
  /** Set on a decision. */
  readonly verdict: Verdict | null
  /** Why, in the words of whoever decided, or of the gateway when it lapsed; null when not said. */
  readonly reason: string | null
  /** False for a decision on what was decided before: it changed nothing. */
  readonly counted: boolean
}

/** Facts of the life of a grant: exactly these are sent to subscribers of grant events. */
export const grantFactKinds = [
  'GrantRequested',
  'GrantScheduled',
  'GrantOpening',
  'GrantActivated',
  'GrantOpenFailed',
  'GrantClosing',
  'GrantCloseDelayed',
  'GrantClosed',
  'GrantDrifted',
] as const
export type GrantFactKind = (typeof grantFactKinds)[number]

/** Facts about requests: exactly these are sent to subscribers of request events. */
export const requestFactKinds = [
  'AccessRequested',
  'ApprovalDecided',
  'RequestApproved',
  'RequestDenied',
  'RequestWithdrawn',
  'RequestLapsed',
] as const
export type RequestFactKind = (typeof requestFactKinds)[number]

/** Every kind of fact in the activity log, in the past tense. */
export const factKinds = [
  ...grantFactKinds,
  'AccountRegistered',
  'VirtualMachineFound',
  'VirtualMachineChanged',
  'VirtualMachineGone',
  'PolicyCreated',
  'PolicyUpdated',
  'PolicyDisabled',
  ...requestFactKinds,
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
] as const
export type FactKind = (typeof factKinds)[number]

/** The detail a fact carries, by its kind. Stored as JSON beside the columns every fact has. */
export interface FactDetails extends Record<GrantFactKind, GrantSnapshot>, Record<RequestFactKind, RequestSnapshot> {
  readonly AccountRegistered: { readonly name: string }
  readonly AccountUpdated: { readonly name: string; readonly driftResponse: DriftResponse }
  readonly VirtualMachineFound: { readonly name: string }
  readonly VirtualMachineChanged: { readonly name: string }
  readonly VirtualMachineGone: { readonly name: string }
  readonly PolicyCreated: PolicyDetail
  readonly PolicyUpdated: PolicyDetail
  readonly PolicyDisabled: PolicyDetail
  readonly BoundaryWritten: { readonly added: readonly string[]; readonly removed: readonly string[] }
  readonly BoundaryWriteFailed: { readonly fault: CloudFault; readonly attempts: number }
  readonly ExposureFound: ExposureDetail
  readonly ExposureCleared: ExposureDetail
  readonly ForeignRuleTaken: ForeignRuleDetail
  readonly ForeignRuleReturned: ForeignRuleDetail
  readonly RoleAssigned: RoleDetail
  readonly RoleRemoved: RoleDetail
  readonly RuleDrifted: RuleDriftDetail
}

export interface PolicyDetail extends PolicyTerms {
  readonly version: number
}

export interface ExposureDetail {
  readonly port: number
  readonly protocol: Protocol
  /** Name of the rule that leaves the port reachable; null when no boundary stands on a path. */
  readonly ruleName: string | null
  /** Whether a policy protects the port. Facts from before this was said are of such ports: it is missing there. */
  readonly guarded?: boolean
}

export interface ForeignRuleDetail {
  readonly ruleName: string
  /** Protocol, ports and source, as the cloud says them. */
  readonly admits: string
  readonly description: string | null
}

export interface RuleDriftDetail {
  readonly ruleName: string
  readonly change: 'REMOVED' | 'EDITED' | 'ADDED'
  /** As the gateway had it; null when it had none of that name. */
  readonly before: RecordedRule | null
  /** As it was found; null when it was gone. */
  readonly after: RecordedRule | null
  readonly response: 'RESTORED' | 'REPORTED' | 'CLOSED'
}

/** A rule in the gateway's own words. */
export interface RecordedRule {
  readonly name: string
  readonly description: string
  readonly priority: number
  readonly access: 'ALLOW' | 'DENY'
  readonly protocol: string
  readonly sources: readonly string[]
  readonly destinations: readonly string[]
  readonly ports: readonly { readonly first: number; readonly last: number }[]
  readonly translatesTo?: { readonly address: string; readonly port: number }
}

export interface RoleDetail {
  readonly role: string
  readonly principalKind: string
  readonly principalId: string
  readonly scope: string
}
