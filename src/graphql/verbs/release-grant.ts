import { releaseGrant } from '../../commands/release-grant.ts'
import { builder } from '../builder.ts'
import { inputId } from './input-id.ts'
import { outcomePayload } from './outcome-payload.ts'
import { verb } from './verb.ts'

verb('releaseGrant', {
  description:
    "Ends the viewer's own grant before its time: it is CLOSING until its port is proven closed. Sessions that were " +
    'established through it may live on. One that waits for approval or for its beginning is CLOSED at once, as withdrawn. ' +
    'Releasing one that is closing already changes nothing.',
  authorisation: 'The holder of the grant.',
  input: builder.inputType('ReleaseGrantInput', {
    description: 'A grant that the viewer holds.',
    fields: (t) => ({ grant: t.id({ required: true, description: 'The id of the grant.' }) }),
  }),
  payload: outcomePayload('ReleaseGrantPayload', 'Grant', 'grant', 'The grant; null when it was refused.'),
  nothing: { id: null, userErrors: [] },
  run: (context, { grant }) => releaseGrant(context, { grantId: inputId('Grant', grant) }),
})
