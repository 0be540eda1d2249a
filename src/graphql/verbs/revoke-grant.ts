import { actions } from '../../access/role.ts'
import { revokeGrant } from '../../commands/revoke-grant.ts'
import { builder } from '../builder.ts'
import { inputId } from './input-id.ts'
import { outcomePayload } from './outcome-payload.ts'
import { verb } from './verb.ts'

verb('revokeGrant', {
  description:
    "Ends anybody's grant before its time: it is CLOSING until its port is proven closed. Sessions that were " +
    'established through it may live on. One that waits for approval or for its beginning is CLOSED at once. Revoking one ' +
    'that is closing already changes nothing.',
  authorisation: `Whoever may do ${actions.revokeGrant} at the virtual machine.`,
  input: builder.inputType('RevokeGrantInput', {
    description: 'A grant of anybody.',
    fields: (t) => ({ grant: t.id({ required: true, description: 'The id of the grant.' }) }),
  }),
  payload: outcomePayload('RevokeGrantPayload', 'Grant', 'grant', 'The grant; null when it was refused.'),
  nothing: { id: null, userErrors: [] },
  run: (context, { grant }) => revokeGrant(context, { grantId: inputId('Grant', grant) }),
})
