import type { FactKind } from '../../access/fact-kinds.ts'
import { accountScope } from '../../access/scope.ts'
import type { Activity } from '../activity.ts'
import { encodeCursor } from '../cursor.ts'

/** A column of the download: what it is called, and what stands in it; null for nothing. */
export interface Column {
  readonly name: string
  readonly of: (activity: Activity) => string | null
}

/**
 * The columns of Azure's "Download as CSV" of an activity log, by its names and in its order, so that whatever loads
 * that loads this. (Source: the header of its QueryResult.csv.)
 */
const portal: readonly Column[] = [
  { name: 'Correlation id', of: ({ correlationId }) => correlationId },
  { name: 'Operation name', of: operationOf },
  { name: 'Status', of: ({ kind }) => statusOf(kind) },
  { name: 'Event category', of: ({ kind }) => (security.has(kind) ? 'Security' : 'Administrative') },
  { name: 'Level', of: ({ kind }) => levelOf(kind) },
  { name: 'Time', of: ({ at }) => at },
  { name: 'Subscription', of: ({ accountId }) => accountId },
  { name: 'Event initiated by', of: ({ actor }) => actor.name },
  { name: 'Resource type', of: (activity) => typeOf(resourceOf(activity)) },
  { name: 'Resource group', of: ({ resourceGroupId }) => resourceGroupId?.split('/').at(-1) ?? null },
  { name: 'Resource', of: resourceOf },
]

const ours: readonly Column[] = [
  { name: 'Justification', of: inDetail('justification') },
  { name: 'Source', of: inDetail('sources') },
  { name: 'Port', of: inDetail('port') },
  { name: 'Expires', of: inDetail('endsAt') },
  { name: 'Approver', of: ({ kind, actor }) => (decisions.has(kind) ? actor.name : null) },
  { name: 'Grant id', of: ({ grantId }) => grantId },
  { name: 'Kind', of: ({ kind }) => kind },
  { name: 'Actor id', of: ({ actor }) => actor.id },
  { name: 'Requester id', of: ({ requesterId }) => requesterId },
  { name: 'Protocol', of: inDetail('protocol') },
  { name: 'State', of: inDetail('state') },
  { name: 'End reason', of: inDetail('endReason') },
  { name: 'Request id', of: ({ requestId }) => requestId },
  { name: 'Detail', of: ({ detail }) => JSON.stringify(detail) },
  { name: 'Cursor', of: ({ cursor }) => encodeCursor(cursor) },
]

/** The portal's columns first, then ours; the last is where a download goes on from. */
export const columns: readonly Column[] = [...portal, ...ours]

/** What has a name in Azure's own log is called as there. */
const operations: Partial<Record<FactKind, string>> = {
  AccessRequested: 'Initiate JIT Network Access Policy',
  PolicyCreated: 'Create or Update JIT Network Access Policy',
  PolicyUpdated: 'Create or Update JIT Network Access Policy',
  PolicyDisabled: 'Delete JIT Network Access Policy',
}
const writes: ReadonlySet<FactKind> = new Set<FactKind>(['BoundaryWritten', 'BoundaryWriteFailed'])
const writeOfGroup = 'Create or Update Network Security Group'

const warnings: ReadonlySet<FactKind> = new Set<FactKind>([
  'ExposureFound',
  'GrantDrifted',
  'RuleDrifted',
  'BreakGlassUsed',
  'LockdownBegan',
  'GrantCloseDelayed',
])
const security: ReadonlySet<FactKind> = new Set<FactKind>([
  'ExposureFound',
  'ExposureCleared',
  'GrantDrifted',
  'RuleDrifted',
  'BreakGlassUsed',
  'BreakGlassReviewed',
  'LockdownBegan',
  'LockdownLifted',
])
const decisions: ReadonlySet<FactKind> = new Set<FactKind>(['RequestApproved', 'RequestDenied', 'ApprovalDecided'])

function operationOf(activity: Activity): string {
  const { kind } = activity
  const ofGroup = writes.has(kind) && typeOf(resourceOf(activity)) === 'Microsoft.Network/networkSecurityGroups'
  return operations[kind] ?? (ofGroup ? writeOfGroup : words(kind))
}

/** `GrantCloseDelayed` is "Grant close delayed". */
function words(kind: string): string {
  const spaced = kind.replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ')
  return spaced.charAt(0) + spaced.slice(1).toLowerCase()
}

/** What only began when it was recorded has another fact that says how it ended. */
function statusOf(kind: FactKind): string {
  if (/(Failed|Delayed|Denied|Lapsed)$/.test(kind)) return 'Failed'
  return /(Opening|Closing|Requested)$/.test(kind) ? 'Started' : 'Succeeded'
}

function levelOf(kind: FactKind): string {
  if (warnings.has(kind)) return 'Warning'
  return statusOf(kind) === 'Failed' ? 'Error' : 'Informational'
}

/** The id of what it is about at the cloud: a machine, a boundary, or the place. */
function resourceOf({ vmId, boundaryId, resourceGroupId, accountId }: Activity): string | null {
  return vmId ?? boundaryId ?? resourceGroupId ?? (accountId === null ? null : accountScope(accountId))
}

/** `Microsoft.Compute/virtualMachines` of the id of a machine. */
function typeOf(resource: string | null): string | null {
  const [, namespace, type] = /\/providers\/([^/]+)\/([^/]+)\/[^/]+$/.exec(resource ?? '') ?? []
  if (namespace === undefined) return null
  return resourceTypes[`${namespace}/${String(type)}`] ?? `${namespace}/${String(type)}`
}

/** Ids are kept in lower case; these are how Azure writes the types in them. */
const resourceTypes: Readonly<Record<string, string>> = {
  'microsoft.compute/virtualmachines': 'Microsoft.Compute/virtualMachines',
  'microsoft.classiccompute/virtualmachines': 'Microsoft.ClassicCompute/virtualMachines',
  'microsoft.network/networksecuritygroups': 'Microsoft.Network/networkSecurityGroups',
  'microsoft.network/azurefirewalls': 'Microsoft.Network/azureFirewalls',
}

/** A value of the detail: a list as its parts with `; ` between them. */
function inDetail(name: string): Column['of'] {
  return ({ detail }) => {
    const value = (detail as unknown as Readonly<Record<string, unknown>>)[name]
    if (value === undefined || value === null) return null
    return Array.isArray(value) ? value.join('; ') : String(value as string | number)
  }
}
