import { decideRequest } from '../../commands/decide-request.ts'
import { decideInput, decisionPayload, whoDecides } from './decision.ts'
import { inputId } from './input-id.ts'
import { verb } from './verb.ts'

verb('approveRequest', {
  description:
    'Approves a request as one of its approvers. It counts once for each port that the policy makes the viewer an approver ' +
    'of. With the last approval that is missing the policies are asked again: what passes opens, or waits for its ' +
    'beginning, and what no longer passes is CLOSED with the reasons in `Grant.refusals`. Saying so ' +
    'again changes nothing; a decision on what was decided before is put in the log, and no more: `counted` tells.',
  authorisation: whoDecides,
  input: decideInput('ApproveRequestInput', 'A request to approve.'),
  payload: decisionPayload('ApproveRequestPayload'),
  nothing: { id: null, counted: false, userErrors: [] },
  run: (context, { request, reason = null }) =>
    decideRequest(context, { requestId: inputId('Request', request), reason }, 'APPROVED'),
})
