import { actions } from '../../access/role.ts'
import { longestNote, reviewBreakGlass } from '../../commands/review-break-glass.ts'
import { builder } from '../builder.ts'
import { inputId } from './input-id.ts'
import { outcomePayload } from './outcome-payload.ts'
import { verb } from './verb.ts'

verb('reviewBreakGlass', {
  description:
    'Puts in the log what was found of a request by break-glass, and takes it off the list of those to be reviewed. It is ' +
    'done once, and never by whoever asked.',
  authorisation: `Whoever may do ${actions.reviewBreakGlass} at every machine of the request, but for its requester.`,
  input: builder.inputType('ReviewBreakGlassInput', {
    description: 'A request by break-glass, and what was found.',
    fields: (t) => ({
      request: t.id({ required: true, description: 'The id of the request.' }),
      note: t.string({ required: true, description: `What was found: 1 to ${longestNote} characters.` }),
    }),
  }),
  payload: outcomePayload('ReviewBreakGlassPayload', 'Request', 'request', 'The request; null when it was refused.'),
  nothing: { id: null, userErrors: [] },
  run: (context, { request, note }) => reviewBreakGlass(context, { requestId: inputId('Request', request), note }),
})
