import { decideRequest } from '../../commands/decide-request.ts'
import { decideInput, decisionPayload, whoDecides } from './decision.ts'
import { inputId } from './input-id.ts'
import { verb } from './verb.ts'

verb('denyRequest', {
  description:
    'Denies a request as one of its approvers: one denial is enough, and may follow an own approval. Its grants are ' +
    'CLOSED. Saying so ' +
    'again changes nothing; a decision on what was decided before is put in the log, and no more: `counted` tells.',
  authorisation: whoDecides,
  input: decideInput('DenyRequestInput', 'A request to deny.'),
  payload: decisionPayload('DenyRequestPayload'),
  nothing: { id: null, counted: false, userErrors: [] },
  run: (context, { request, reason = null }) =>
    decideRequest(context, { requestId: inputId('Request', request), reason }, 'DENIED'),
})
