import { approvalFor, isApprover, type ApprovalRule } from './approval.ts'
import { covers, type PolicyTerms, type PortKey } from './policy.ts'
import type { Viewer } from './viewer.ts'
import type { Verdict } from './words.ts'

/** A grant of a request, and who has to approve it by the policy as it is now; null when nobody has to. */
export interface Need {
  readonly grantId: string
  readonly vmId: string
  readonly rule: ApprovalRule | null
}

/** What an approver said, and for which grants it was one when it said so. */
export interface Decision {
  readonly actorId: string
  readonly verdict: Verdict
  readonly grantIds: readonly string[]
}

/** Who has to approve what is asked of a port, by its policy; null when nobody has to, or the policy has it no more. */
export function ruleFor(policy: PolicyTerms | undefined, asked: PortKey): ApprovalRule | null {
  const port = policy?.ports.find((one) => covers(one, asked))
  return policy === undefined || port === undefined ? null : approvalFor(port.approval, policy.approval)
}

/** The grants for which `viewer` is an approver, as it is now. Nobody is one of what they asked for themselves. */
export function approverOf(viewer: Viewer, requesterId: string, needs: readonly Need[]): string[] {
  if (viewer.actor.id === requesterId) return []
  return needs
    .filter(({ rule, vmId }) => rule !== null && isApprover(viewer, rule.approvers, vmId))
    .map(({ grantId }) => grantId)
}

/** Whether every grant has the approvals it needs: each approver counts once. */
export function isApproved(needs: readonly Need[], decisions: readonly Decision[]): boolean {
  return needs.every(({ grantId, rule }) => {
    const approving = decisions.filter(({ verdict, grantIds }) => verdict === 'APPROVED' && grantIds.includes(grantId))
    return new Set(approving.map(({ actorId }) => actorId)).size >= (rule?.approvalsNeeded ?? 0)
  })
}
