import type { Approver } from './approval.ts'
import type { ExtensionOffer } from './extension.ts'
import type { GrantFactKind, RequestFactKind } from './fact-kinds.ts'
import type { PolicyTerms } from './policy.ts'
import type { StatedTemplate } from './template.ts'
import type { Ticket } from './ticket.ts'
import type { PolicyConstraint, UserError } from './user-error.ts'
import type { DriftResponse, EndReason, GrantState, Protocol, RequestStatus, Safeguard, Verdict } from './words.ts'

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
  /** Asked for by break-glass. Facts from before there was such a thing do not say. */
  readonly breakGlass?: boolean
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
  /** The grant of which it asks for a later end; null when it asks for grants. Facts from before do not say. */
  readonly extends?: string | null
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

/** The same of a grant that was extended. */
export interface ExtendedSnapshot extends GrantSnapshot {
  /** The end that it had before, ISO 8601. */
  readonly previousEndsAt: string
}

/** The same of a grant that is about to end. */
export interface EndingSnapshot extends GrantSnapshot {
  /** How far its holder may extend it, as its policy stands; null when it cannot be extended. */
  readonly extension: ExtensionOffer | null
}

/** The detail a fact carries, by its kind. Stored as JSON beside the columns every fact has. */
export interface FactDetails extends Record<GrantFactKind, GrantSnapshot>, Record<RequestFactKind, RequestSnapshot> {
  readonly GrantExtended: ExtendedSnapshot
  readonly GrantEndsSoon: EndingSnapshot
  readonly AccountRegistered: { readonly name: string }
  readonly AccountUpdated: { readonly name: string; readonly driftResponse: DriftResponse }
  readonly VirtualMachineFound: { readonly name: string }
  readonly VirtualMachineChanged: { readonly name: string }
  readonly VirtualMachineGone: { readonly name: string }
  readonly PolicyCreated: PolicyDetail
  readonly PolicyUpdated: PolicyDetail
  readonly PolicyDisabled: PolicyDetail
  readonly BreakGlassUsed: BreakGlassDetail
  readonly BreakGlassReviewed: BreakGlassDetail
  readonly LockdownBegan: LockdownDetail
  readonly LockdownLifted: LockdownDetail
  readonly BoundaryWritten: { readonly added: readonly string[]; readonly removed: readonly string[] }
  readonly BoundaryWriteFailed: { readonly fault: CloudFault; readonly attempts: number }
  readonly ExposureFound: ExposureDetail
  readonly ExposureCleared: ExposureDetail
  readonly ForeignRuleTaken: ForeignRuleDetail
  readonly ForeignRuleReturned: ForeignRuleDetail
  readonly RoleAssigned: RoleDetail
  readonly RoleRemoved: RoleDetail
  readonly RuleDrifted: RuleDriftDetail
  readonly RoleExpired: RoleDetail
  readonly CustomRoleCreated: CustomRoleDetail
  readonly CustomRoleUpdated: CustomRoleDetail
  readonly CustomRoleRemoved: CustomRoleDetail
  readonly PolicyTemplateCreated: StatedTemplate
  readonly PolicyTemplateUpdated: StatedTemplate
  readonly PolicyTemplateRemoved: StatedTemplate
}

export interface PolicyDetail extends PolicyTerms {
  readonly version: number
  /** The name of the template that it follows from then on; null when none, and absent from facts of before there were any. */
  readonly template?: string | null
}

export interface BreakGlassDetail {
  /** Why it was used. */
  readonly justification: string
  /** What it went past. */
  readonly past: readonly Safeguard[]
  /** What was found of it, by whoever reviewed it; null until then. */
  readonly note: string | null
}

export interface LockdownDetail {
  readonly scope: string
  /** Why it began. */
  readonly reason: string
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

/** An assignment, as it was then. */
export interface RoleDetail {
  /** The name that the role had. */
  readonly role: string
  readonly principalKind: string
  readonly principalId: string
  readonly scope: string
  /** ISO 8601; null when it had no end, and absent from facts of when there were no ends. */
  readonly endsAt?: string | null
}

/** A role that people made, as it was then. */
export interface CustomRoleDetail {
  readonly roleId: string
  readonly name: string
  readonly scope: string
  readonly actions: readonly string[]
}
