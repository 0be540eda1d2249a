import { actions } from '../../access/role.ts'
import { longestJustification, shortestWindow } from '../../access/window.ts'
import { extendGrant, type ExtensionOutcome } from '../../commands/extend-grant.ts'
import { keptDays } from '../../commands/idempotency.ts'
import { formatDuration } from '../../time/duration.ts'
import { builder } from '../builder.ts'
import { entityField } from '../read/entity-field.ts'
import { inputId } from './input-id.ts'
import { toldToCaller } from './outcome-payload.ts'
import { TicketInput } from './ticket-input.ts'
import { userErrorsField } from './user-errors-field.ts'
import { verb } from './verb.ts'

const ExtendGrantPayload = builder.objectRef<ExtensionOutcome>('ExtendGrantPayload')
ExtendGrantPayload.implement({
  description: 'What became of the call.',
  extensions: toldToCaller,
  fields: (t) => ({
    request: entityField(t, 'Request', ({ requestId }) => requestId, 'The request; null when it was refused.'),
    grant: entityField(
      t,
      'Grant',
      ({ grantId }) => grantId,
      'The grant, read after the call; null when it was refused.',
    ),
    userErrors: userErrorsField(t),
  }),
})

verb('extendGrant', {
  description:
    "Gives the viewer's own open grant a later end. It is judged by the policy of the machine as if the port were asked " +
    'for from zero: the maximum is measured from this moment. Where that needs approval, so does this: the request waits, ' +
    'and the grant keeps its end until it is approved. The port stays open throughout. Once the window has passed it is ' +
    'too late: ask for access anew.',
  authorisation: `The holder of the grant, as long as they may do ${actions.requestAccess} at the machine.`,
  input: builder.inputType('ExtendGrantInput', {
    description: 'A grant that the viewer holds, and until when it is to be open.',
    fields: (t) => ({
      grant: t.id({ required: true, description: 'The id of the grant; it must be ACTIVE.' }),
      duration: t.field({
        type: 'Duration',
        description:
          `How long from now, from ${formatDuration(shortestWindow)} to the maximum of the policy. Null: the maximum, ` +
          'unless `endsAt` is given.',
      }),
      endsAt: t.field({
        type: 'DateTime',
        description: 'An absolute end instead of a duration; the time until then must be within the maximum.',
      }),
      justification: t.string({
        description:
          `Why, for approvers and the audit trail: up to ${longestJustification} characters. Null: not said. The policy may ` +
          'ask for it.',
      }),
      ticket: t.field({
        type: TicketInput,
        description: 'The ticket it is for. Null: none. The policy may ask for it.',
      }),
      idempotencyKey: t.string({
        description:
          `Repeating a call with the key within ${keptDays} days gives the first answer again instead of extending twice: 1 ` +
          'to 255 characters. With another input it is a conflict. Null: every call stands for itself.',
      }),
    }),
  }),
  payload: ExtendGrantPayload,
  nothing: { requestId: null, grantId: null, userErrors: [] },
  run: (context, input) =>
    extendGrant(context, {
      grantId: inputId('Grant', input.grant),
      durationSeconds: input.duration ?? null,
      endsAt: input.endsAt ?? null,
      justification: input.justification ?? null,
      ticket: input.ticket ? { id: input.ticket.id, system: input.ticket.system ?? null } : null,
      idempotencyKey: input.idempotencyKey ?? null,
    }),
})
