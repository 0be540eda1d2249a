import { readApproval, type ApprovalInput, type ApprovalRule } from './approval.ts'
import { noticeError, type NoticeInput } from './notice.ts'
import type { PolicyTerms } from './policy.ts'
import { anyText, readTextRule, type TextRule, type TextRuleInput } from './text-rule.ts'
import type { UserError } from './user-error.ts'

/** What a policy is to say apart from its ports, as asked; null leaves it as it is. */
export interface TermsInput {
  readonly approvalRule?: ApprovalInput | null
  readonly justificationRule?: TextRuleInput | null
  readonly ticketRule?: TextRuleInput | null
  readonly closesForeignRules?: boolean | null
  readonly noticeRule?: NoticeInput | null
}

/** What a policy says apart from its ports. */
export type CommonTerms = Omit<PolicyTerms, 'ports'>

/** What a policy asks when nobody said otherwise: nothing. */
export const noTerms: CommonTerms = {
  approval: null,
  justification: anyText,
  ticket: anyText,
  closesForeignRules: false,
  noticeSeconds: null,
}

/** Terms as read: what is undefined stays as it is. */
export interface TermChanges {
  readonly approval: ApprovalRule | undefined
  readonly justification: TextRule | undefined
  readonly ticket: TextRule | undefined
  readonly closesForeignRules: boolean | undefined
  readonly notice: NoticeInput | undefined
}

/** Checks terms as asked. */
export function readTerms(input: TermsInput): {
  readonly changes: TermChanges
  readonly userErrors: readonly UserError[]
} {
  const { approvalRule, justificationRule, ticketRule, noticeRule } = input
  const approval = approvalRule ? readApproval(approvalRule, ['approvalRule']) : null
  const justification = justificationRule ? readTextRule(justificationRule, ['justificationRule']) : null
  const ticket = ticketRule ? readTextRule(ticketRule, ['ticketRule']) : null
  const wrongNotice = noticeRule ? noticeError(noticeRule, ['noticeRule']) : null
  return {
    changes: {
      approval: approval?.rule,
      justification: justification?.rule,
      ticket: ticket?.rule,
      closesForeignRules: input.closesForeignRules ?? undefined,
      notice: noticeRule ?? undefined,
    },
    userErrors: [approval, justification, ticket]
      .flatMap((read) => read?.userErrors ?? [])
      .concat(wrongNotice === null ? [] : [wrongNotice]),
  }
}

/** Terms after changes. A rule by which nobody has to approve is none. */
export function changeTerms(current: CommonTerms, changes: TermChanges): CommonTerms {
  const approval = changes.approval ?? current.approval
  return {
    approval: approval?.approvalsNeeded === 0 ? null : approval,
    justification: changes.justification ?? current.justification,
    ticket: changes.ticket ?? current.ticket,
    closesForeignRules: changes.closesForeignRules ?? current.closesForeignRules,
    noticeSeconds: changes.notice === undefined ? current.noticeSeconds : (changes.notice.beforeEndSeconds ?? null),
  }
}

/** The terms of something that has more to it. */
export function termsOf(policy: PolicyTerms): PolicyTerms {
  const { ports, approval, justification, ticket, closesForeignRules, noticeSeconds } = policy
  return { ports, approval, justification, ticket, closesForeignRules, noticeSeconds }
}
