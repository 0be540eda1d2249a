import { formatDuration } from '../time/duration.ts'
import { actions } from './role.ts'
import type { UserError } from './user-error.ts'
import { may, type Viewer } from './viewer.ts'

export const approverKinds = ['USER', 'GROUP', 'APP_ROLE', 'ROLE'] as const
export type ApproverKind = (typeof approverKinds)[number]

/** Somebody, or everybody of a kind, who may decide on requests. */
export interface Approver {
  readonly kind: ApproverKind
  /** Whom, by the id at the identity provider. Null for ROLE: whoever may decide at the machine by a role held there. */
  readonly id: string | null
}

/** Who has to approve what is asked of a port before it may open. */
export interface ApprovalRule {
  /** How many different approvers; 0: nobody has to. */
  readonly approvalsNeeded: number
  readonly approvers: readonly Approver[]
  /** How long a request waits for them, in seconds. */
  readonly decideWithinSeconds: number
}

/** A rule as asked. Null means the default: whoever may decide by a role, within a day. */
export interface ApprovalInput {
  readonly approvalsNeeded: number
  readonly approvers?: readonly Approver[] | null
  readonly decideWithinSeconds?: number | null
}

/** Bounds of a rule; durations in seconds. */
export const approvalBounds = {
  mostApprovals: 10,
  mostApprovers: 50,
  longestId: 256,
  longestReason: 1_000,
  shortestWait: 300,
  longestWait: 604_800,
  defaultWait: 86_400,
} as const

const byRole: readonly Approver[] = [{ kind: 'ROLE', id: null }]

/** Checks a rule as asked and fills in the defaults; `field` is its path in the verb's input. */
export function readApproval(
  input: ApprovalInput,
  field: readonly string[],
): { readonly rule: ApprovalRule; readonly userErrors: readonly UserError[] } {
  const { mostApprovals, mostApprovers, shortestWait, longestWait, defaultWait } = approvalBounds
  const { approvalsNeeded } = input
  const approvers = input.approvers ?? byRole
  const decideWithinSeconds = input.decideWithinSeconds ?? defaultWait
  const userErrors: UserError[] = []
  const refuse = (at: string, message: string) =>
    userErrors.push({ code: 'INVALID_INPUT', field: [...field, at], message })
  if (!Number.isInteger(approvalsNeeded) || approvalsNeeded < 0 || approvalsNeeded > mostApprovals)
    refuse('approvalsNeeded', `Between 0 and ${mostApprovals} approvals can be needed.`)
  if (decideWithinSeconds < shortestWait || decideWithinSeconds > longestWait)
    refuse(
      'decideWithinSeconds',
      `A request waits between ${formatDuration(shortestWait)} and ${formatDuration(longestWait)}.`,
    )
  if (approvers.length > mostApprovers)
    userErrors.push({
      code: 'LIMIT_EXCEEDED',
      field: [...field, 'approvers'],
      limit: mostApprovers,
      message: `A rule names at most ${mostApprovers} approvers.`,
    })
  else userErrors.push(...approverErrors(approvers, [...field, 'approvers']))
  const rule = { approvalsNeeded, approvers: approvalsNeeded === 0 ? [] : approvers, decideWithinSeconds }
  if (userErrors.length === 0 && mostApproving(rule, null) < approvalsNeeded)
    refuse('approvers', `It takes ${approvalsNeeded} approvals, and fewer approvers are named.`)
  return { rule, userErrors }
}

function approverErrors(approvers: readonly Approver[], field: readonly string[]): UserError[] {
  const { longestId } = approvalBounds
  return approvers.flatMap(({ kind, id }, index): UserError[] => {
    const refused = (message: string): UserError[] => [
      { code: 'INVALID_INPUT', field: [...field, String(index)], message },
    ]
    if (kind === 'ROLE' && id !== null) return refused('Approvers by role are all who may decide there: name no id.')
    if (kind !== 'ROLE' && (id === null || id.trim() === '' || id.length > longestId))
      return refused(`The id of an approver has 1 to ${longestId} characters.`)
    const twice = approvers.findIndex((other) => other.kind === kind && other.id === id) !== index
    return twice ? refused('This approver is named twice.') : []
  })
}

/** The rule of a port: its own, else that of its policy. Null when nobody has to approve. */
export function approvalFor(own: ApprovalRule | null, ofPolicy: ApprovalRule | null): ApprovalRule | null {
  const rule = own ?? ofPolicy
  return rule === null || rule.approvalsNeeded === 0 ? null : rule
}

/** How many could approve at most what `requesterId` asks for: of groups and roles nobody knows, so without end. */
export function mostApproving({ approvers }: ApprovalRule, requesterId: string | null): number {
  if (approvers.some(({ kind }) => kind !== 'USER')) return Number.POSITIVE_INFINITY
  return approvers.filter(({ id }) => id !== requesterId).length
}

/** Whether a rule makes `viewer`, as it is now, an approver of what is asked of a machine. */
export function isApprover(viewer: Viewer, approvers: readonly Approver[], vmId: string): boolean {
  return approvers.some(({ kind, id }) => {
    if (kind === 'ROLE') return may(viewer, actions.approveRequest, vmId)
    if (id === null) return false
    if (kind === 'USER') return viewer.actor.id === id
    return (kind === 'GROUP' ? viewer.groups : viewer.appRoles).includes(id)
  })
}
