import { longestReason } from '../../access/lockdown.ts'
import { actions } from '../../access/role.ts'
import { lockDown, type LockDownOutcome } from '../../commands/lock-down.ts'
import { builder } from '../builder.ts'
import { entityField } from '../read/entity-field.ts'
import { toldToCaller } from './outcome-payload.ts'
import { userErrorsField } from './user-errors-field.ts'
import { verb } from './verb.ts'

const LockDownPayload = builder.objectRef<LockDownOutcome>('LockDownPayload')
LockDownPayload.implement({
  description: 'What became of the call.',
  extensions: toldToCaller,
  fields: (t) => ({
    lockdown: entityField(
      t,
      'Lockdown',
      ({ id }) => id,
      'The lockdown in force; null when it was refused, or the viewer may not see it.',
    ),
    grantsEnded: t.exposeInt('grantsEnded', { description: 'How many grants this call ended.' }),
    userErrors: userErrorsField(t),
  }),
})

verb('lockDown', {
  description:
    'Locks a scope down: every grant in it that is not over ends at once, those that wait for approval or for their ' +
    'beginning too, and none may be asked for until `liftLockDown`. What was open is CLOSING until it is proven closed; ' +
    'sessions that were established may live on. Where a lockdown is in force already, it stays as it began, and what ' +
    'was opened past it by break-glass ends.',
  authorisation: `Whoever may do ${actions.lockDown} at the scope.`,
  input: builder.inputType('LockDownInput', {
    description: 'What to lock down, and why.',
    fields: (t) => ({
      scope: t.string({
        required: true,
        description:
          'Where, in any case: `/` for everything, `/subscriptions/{id}`, `/subscriptions/{id}/resourceGroups/{name}`, ' +
          '`/aws/{account}`, `/aws/{account}/{region}/{vpc}`, ' +
          'or the resource id of a machine. Something there must be known to the gateway.',
      }),
      reason: t.string({
        required: true,
        description: `Why, up to ${longestReason} characters: told to whoever asks for access there.`,
      }),
    }),
  }),
  payload: LockDownPayload,
  nothing: { id: null, grantsEnded: 0, userErrors: [] },
  run: (context, input) => lockDown(context, input),
})
