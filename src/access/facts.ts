import type { EndReason, GrantState, Protocol } from './words.ts'

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
  readonly endReason: EndReason | null
  /** Set on a failed opening or a failed attempt to close. */
  readonly fault: CloudFault | null
}

/** Facts of the life of a grant: exactly these are sent to subscribers of grant events. */
export const grantFactKinds = [
  'GrantOpening',
  'GrantActivated',
  'GrantOpenFailed',
  'GrantClosing',
  'GrantCloseDelayed',
  'GrantClosed',
  'GrantDrifted',
] as const
export type GrantFactKind = (typeof grantFactKinds)[number]

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
  'AccessRequested',
  'BoundaryWritten',
  'BoundaryWriteFailed',
  'ExposureFound',
  'ExposureCleared',
  'RoleAssigned',
  'RoleRemoved',
] as const
export type FactKind = (typeof factKinds)[number]

/** The detail a fact carries, by its kind. Stored as JSON beside the columns every fact has. */
export interface FactDetails extends Record<GrantFactKind, GrantSnapshot> {
  readonly AccountRegistered: { readonly name: string }
  readonly VirtualMachineFound: { readonly name: string }
  readonly VirtualMachineChanged: { readonly name: string }
  readonly VirtualMachineGone: { readonly name: string }
  readonly PolicyCreated: PolicyDetail
  readonly PolicyUpdated: PolicyDetail
  readonly PolicyDisabled: PolicyDetail
  readonly AccessRequested: { readonly justification: string | null; readonly grants: number }
  readonly BoundaryWritten: { readonly added: readonly string[]; readonly removed: readonly string[] }
  readonly BoundaryWriteFailed: { readonly fault: CloudFault; readonly attempts: number }
  readonly ExposureFound: ExposureDetail
  readonly ExposureCleared: ExposureDetail
  readonly RoleAssigned: RoleDetail
  readonly RoleRemoved: RoleDetail
}

export interface PolicyDetail {
  readonly version: number
  readonly ports: readonly {
    readonly port: number
    readonly protocol: Protocol
    readonly allowedSources: readonly string[]
    readonly maximumDurationSeconds: number
  }[]
}

export interface ExposureDetail {
  readonly port: number
  readonly protocol: Protocol
  /** Name of the foreign rule that leaves the port reachable; null when no boundary stands on a path. */
  readonly ruleName: string | null
}

export interface RoleDetail {
  readonly role: string
  readonly principalKind: string
  readonly principalId: string
  readonly scope: string
}
