import { actions } from '../../access/role.ts'
import { liftLockDown } from '../../commands/lift-lock-down.ts'
import { builder } from '../builder.ts'
import { inputId } from './input-id.ts'
import { outcomePayload } from './outcome-payload.ts'
import { verb } from './verb.ts'

verb('liftLockDown', {
  description:
    'Lifts a lockdown: access may be asked for again, unless another lockdown is in force over the same machines. The ' +
    'grants it ended stay ended. Lifting one that was lifted already changes nothing.',
  authorisation: `Whoever may do ${actions.liftLockDown} at the scope of the lockdown.`,
  input: builder.inputType('LiftLockDownInput', {
    description: 'A lockdown in force.',
    fields: (t) => ({ lockdown: t.id({ required: true, description: 'The id of the lockdown.' }) }),
  }),
  payload: outcomePayload('LiftLockDownPayload', 'Lockdown', 'lockdown', 'The lockdown; null when it was refused.'),
  nothing: { id: null, userErrors: [] },
  run: (context, { lockdown }) => liftLockDown(context, { lockdownId: inputId('Lockdown', lockdown) }),
})
