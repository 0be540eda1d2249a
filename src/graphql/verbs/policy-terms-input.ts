import { approvalBounds, type ApprovalInput } from '../../access/approval.ts'
import { longestNotice } from '../../access/notice.ts'
import type { TermsInput } from '../../access/terms.ts'
import { bounds } from '../../access/text-pattern-syntax.ts'
import type { TextRuleInput as TextRule } from '../../access/text-rule.ts'
import { formatDuration } from '../../time/duration.ts'
import { builder } from '../builder.ts'
import { ApproverKindEnum } from '../enums.ts'

const { mostApprovals, mostApprovers, longestId, shortestWait, longestWait, defaultWait } = approvalBounds

const ApproverInput = builder.inputType('ApproverInput', {
  description: 'Somebody, or everybody of a kind, who may decide on requests.',
  fields: (t) => ({
    kind: t.field({ type: ApproverKindEnum, required: true, description: 'Of what kind.' }),
    id: t.string({
      description: `Whom, by the id at the identity provider, or the name of an app role: up to ${longestId}. Null for ROLE.`,
    }),
  }),
})

export const ApprovalRuleInput = builder.inputType('ApprovalRuleInput', {
  description:
    'Who has to approve what is asked of a port before it may open. Nobody approves what they asked for themselves, ' +
    'each approver counts once, and who is one is judged at the moment of the decision. One denial denies the request.',
  fields: (t) => ({
    approvalsNeeded: t.int({
      required: true,
      description: `How many different approvers: up to ${mostApprovals}. 0: nobody has to.`,
    }),
    approvers: t.field({
      type: [ApproverInput],
      description:
        `Who may approve: at most ${mostApprovers}, none twice. Those who are named need no role. Null: whoever has a ` +
        'role at the machine that allows it.',
    }),
    decideWithin: t.field({
      type: 'Duration',
      description:
        `How long a request waits before it lapses, from ${formatDuration(shortestWait)} to ` +
        `${formatDuration(longestWait)}. Null: ${formatDuration(defaultWait)}.`,
    }),
  }),
})

const TextRuleInput = builder.inputType('TextRuleInput', {
  description: 'What a policy asks of a text that comes with a request.',
  fields: (t) => ({
    required: t.boolean({ required: true, description: 'Whether it must be there.' }),
    pattern: t.string({
      description:
        'What the whole of it must match, where it is there. The language is that of regular expressions without what ' +
        'takes more than linear time: characters, `.` for any, classes such as `[A-Z]`, `\\d`, `\\w`, `\\s` and their ' +
        'opposites, `( )`, `|`, `*`, `+`, `?`, `{2,5}`; no references back and no looking around. Up to ' +
        `${bounds.longestPattern} characters, which stand for at most ${bounds.mostSteps} when repetitions are written ` +
        'out. Null: any text.',
    }),
  }),
})

const NoticeRuleInput = builder.inputType('NoticeRuleInput', {
  description: 'When the ends of grants are announced, by GRANT_ENDS_SOON.',
  fields: (t) => ({
    beforeEnd: t.field({
      type: 'Duration',
      description:
        `How long before the end: up to ${formatDuration(longestNotice)}; PT0S: never. A window that is no longer than ` +
        'this is not announced. Null: as the gateway is configured.',
    }),
  }),
})

type InputBuilder = PothosSchemaTypes.InputFieldBuilder<typeof builder.$inferSchemaTypes, 'InputObject'>

/** What a policy says apart from its ports; `absent` says what null means. */
export const termFields = (t: InputBuilder, absent: string) => ({
  approvalRule: t.field({
    type: ApprovalRuleInput,
    description: `Who has to approve what is asked of ports without a rule of their own. Null: ${absent}.`,
  }),
  justificationRule: t.field({
    type: TextRuleInput,
    description: `What is asked of the justification of a request. Null: ${absent}.`,
  }),
  ticketRule: t.field({
    type: TextRuleInput,
    description: `What is asked of the id of the ticket of a request. Null: ${absent}.`,
  }),
  closesForeignRules: t.boolean({
    description:
      'For machines of AWS, where rules only allow: true takes away the inbound rules of others that admit nothing but ' +
      'protected ports, from groups that the machine alone wears, and writes them again as they were once this is false ' +
      `or JIT is disabled. Otherwise such a rule stays, and \`VirtualMachine.exposures\` names it. Null: ${absent}.`,
  }),
  noticeRule: t.field({
    type: NoticeRuleInput,
    description: `When the ends that grants are given from now on are announced. Null: ${absent === 'nothing' ? 'as the gateway is configured' : absent}.`,
  }),
})

/** A rule in the words of commands. */
export function approvalRule(input: typeof ApprovalRuleInput.$inferInput | null | undefined): ApprovalInput | null {
  if (input === null || input === undefined) return null
  const { approvalsNeeded, approvers, decideWithin = null } = input
  return {
    approvalsNeeded,
    approvers: approvers?.map(({ kind, id = null }) => ({ kind, id })) ?? null,
    decideWithinSeconds: decideWithin,
  }
}

type TextInput = typeof TextRuleInput.$inferInput | null | undefined

/** Terms in the words of commands. */
export function policyTerms(input: {
  readonly approvalRule?: typeof ApprovalRuleInput.$inferInput | null | undefined
  readonly justificationRule?: TextInput | undefined
  readonly ticketRule?: TextInput | undefined
  readonly closesForeignRules?: boolean | null | undefined
  readonly noticeRule?: typeof NoticeRuleInput.$inferInput | null | undefined
}): TermsInput {
  const text = (rule: TextInput): TextRule | null =>
    rule ? { required: rule.required, pattern: rule.pattern ?? null } : null
  return {
    approvalRule: approvalRule(input.approvalRule),
    justificationRule: text(input.justificationRule),
    ticketRule: text(input.ticketRule),
    closesForeignRules: input.closesForeignRules ?? null,
    noticeRule: input.noticeRule ? { beforeEndSeconds: input.noticeRule.beforeEnd ?? null } : null,
  }
}
