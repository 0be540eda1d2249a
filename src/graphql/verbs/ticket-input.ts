import { longestTicketPart } from '../../access/ticket.ts'
import { builder } from '../builder.ts'

export const TicketInput = builder.inputType('TicketInput', {
  description: 'The ticket that a request is for.',
  fields: (t) => ({
    id: t.string({
      required: true,
      description: `Its number, as its system writes it: up to ${longestTicketPart} characters.`,
    }),
    system: t.string({ description: `The system it is of, up to ${longestTicketPart} characters. Null: not said.` }),
  }),
})
