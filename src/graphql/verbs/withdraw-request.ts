import { withdrawRequest } from '../../commands/withdraw-request.ts'
import { builder } from '../builder.ts'
import { inputId } from './input-id.ts'
import { outcomePayload } from './outcome-payload.ts'
import { verb } from './verb.ts'

verb('withdrawRequest', {
  description:
    "Takes back the viewer's own request as long as any of it waits, for approval or for its beginning: what waits is " +
    'CLOSED. Withdrawing one that was withdrawn already changes nothing; what was opened is released.',
  authorisation: 'The requester.',
  input: builder.inputType('WithdrawRequestInput', {
    description: 'A request of the viewer.',
    fields: (t) => ({ request: t.id({ required: true, description: 'The id of the request.' }) }),
  }),
  payload: outcomePayload('WithdrawRequestPayload', 'Request', 'request', 'The request; null when it was refused.'),
  nothing: { id: null, userErrors: [] },
  run: (context, { request }) => withdrawRequest(context, { requestId: inputId('Request', request) }),
})
