import { actions } from '../../access/role.ts'
import type { RequestOutcome } from '../../commands/command.ts'
import { keptDays } from '../../commands/idempotency.ts'
import { requestAccess } from '../../commands/request-access.ts'
import { builder } from '../builder.ts'
import { entitiesField, entityField } from '../read/entity-field.ts'
import { accessFields, accessInput, portsAsked } from './access-input.ts'
import { toldToCaller } from './outcome-payload.ts'
import { userErrorsField } from './user-errors-field.ts'
import { verb } from './verb.ts'

const RequestAccessInput = builder.inputType('RequestAccessInput', {
  description: 'What is asked: ports of machines, from sources, for a while.',
  fields: (t) => ({
    ...accessFields(t),
    idempotencyKey: t.string({
      description:
        `Repeating a call with the key within ${keptDays} days gives the first answer again instead of asking twice: 1 to ` +
        '255 characters. With another input it is a conflict. Null: every call stands for itself.',
    }),
  }),
})

const RequestAccessPayload = builder.objectRef<RequestOutcome>('RequestAccessPayload')
RequestAccessPayload.implement({
  description:
    'What became of the call. Ports that a policy permits are granted even where others are refused: `userErrors` ' +
    'lists every constraint that failed.',
  extensions: toldToCaller,
  fields: (t) => ({
    request: entityField(t, 'Request', ({ requestId }) => requestId, 'The request; null when nothing was granted.'),
    grants: entitiesField(t, 'Grant', ({ grantIds }) => grantIds, 'A grant for each port permitted.'),
    userErrors: userErrorsField(t),
  }),
})

verb('requestAccess', {
  description:
    'Asks for ports of machines to be opened for a while. Each port is judged by the policy of its machine; those ' +
    'permitted are opened at once, or when they are to begin: follow them by `grantEvents` or `Grant.state`. When any of ' +
    'them needs approval the whole request waits for it. `accessEvaluation` says what would become of it.',
  authorisation:
    `Whoever may do ${actions.requestAccess} at each machine; by break-glass, whoever may do ${actions.breakGlass} ` +
    'there besides.',
  input: RequestAccessInput,
  payload: RequestAccessPayload,
  size: portsAsked,
  nothing: { requestId: null, grantIds: [], userErrors: [] },
  run: (context, input) =>
    requestAccess(context, { ...accessInput(input), idempotencyKey: input.idempotencyKey ?? null }),
})
