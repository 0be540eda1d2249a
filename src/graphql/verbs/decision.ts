import { approvalBounds } from '../../access/approval.ts'
import type { DecisionOutcome } from '../../commands/command.ts'
import { builder } from '../builder.ts'
import { entityField } from '../read/entity-field.ts'
import { toldToCaller } from './outcome-payload.ts'
import { userErrorsField } from './user-errors-field.ts'

/** Who decides on a request, in a sentence. */
export const whoDecides =
  'The approvers of a port that it asks for, by its policy and their roles and groups at that moment, except who asked.'

/** The input of a decision on a request. */
export const decideInput = (name: string, description: string) =>
  builder.inputType(name, {
    description,
    fields: (t) => ({
      request: t.id({ required: true, description: 'The id of the request.' }),
      reason: t.string({
        description: `Why, for the requester and the audit trail: up to ${approvalBounds.longestReason} characters. Null: not said.`,
      }),
    }),
  })

/** The payload of a decision on a request. */
export function decisionPayload(name: string) {
  const payload = builder.objectRef<DecisionOutcome>(name)
  payload.implement({
    description: 'What became of the call. `request` is read after it.',
    extensions: toldToCaller,
    fields: (t) => ({
      request: entityField(
        t,
        'Request',
        ({ id }) => id,
        'The request; null when the decision was refused, or the viewer may not see the request any more.',
      ),
      counted: t.exposeBoolean('counted', {
        description: 'Whether the decision counts; false when the request was decided before.',
      }),
      userErrors: userErrorsField(t),
    }),
  })
  return payload
}
