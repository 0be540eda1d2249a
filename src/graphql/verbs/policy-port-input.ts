import { policyBounds, type PortInput } from '../../access/policy.ts'
import { formatDuration } from '../../time/duration.ts'
import { builder } from '../builder.ts'
import { Protocol } from '../enums.ts'
import { approvalRule, ApprovalRuleInput } from './policy-terms-input.ts'

const { shortestDuration, longestDuration, defaultDuration } = policyBounds

export const PolicyPortInput = builder.inputType('PolicyPortInput', {
  description: 'A port to protect, and what may be asked of it.',
  fields: (t) => ({
    port: t.int({ required: true, description: '1 to 65535.' }),
    protocol: t.field({
      type: Protocol,
      required: true,
      defaultValue: 'TCP',
      description: 'What the port speaks. ANY stands for all, and cannot be beside another on the same port.',
    }),
    allowedSources: t.field({
      type: ['CIDR'],
      description:
        'Ranges that a source must lie in: 1 to 50 that do not overlap, without host bits, such as ' +
        '`["10.0.0.0/8", "2001:db8::/32"]`. Null: any source.',
    }),
    maximumDuration: t.field({
      type: 'Duration',
      description:
        `The longest window that can be asked for, from ${formatDuration(shortestDuration)} to ` +
        `${formatDuration(longestDuration)}. Null: ${formatDuration(defaultDuration)}.`,
    }),
    approvalRule: t.field({
      type: ApprovalRuleInput,
      description:
        'Who has to approve what is asked of it, in place of the rule of the policy. Null: as the policy says, or, for ' +
        'a port that is replaced, as it was.',
    }),
  }),
})

/** The port in the words of commands. */
export function policyPort(input: typeof PolicyPortInput.$inferInput): PortInput {
  return {
    port: input.port,
    protocol: input.protocol ?? null,
    allowedSources: input.allowedSources ?? null,
    maximumDurationSeconds: input.maximumDuration ?? null,
    approvalRule: approvalRule(input.approvalRule),
  }
}
