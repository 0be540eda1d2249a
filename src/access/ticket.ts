import type { UserError } from './user-error.ts'

/** The ticket that a request is for. */
export interface Ticket {
  /** Its number, as its system writes it. */
  readonly id: string
  /** The system it is of; null when not said. */
  readonly system: string | null
}

/** Longest id and longest system of a ticket, in characters. */
export const longestTicketPart = 100

/** Checks a ticket as asked: parts are trimmed, and a system of nothing is none. Null is no ticket. */
export function readTicket(input: { readonly id: string; readonly system?: string | null } | null | undefined): {
  readonly ticket: Ticket | null
  readonly userErrors: readonly UserError[]
} {
  if (input === null || input === undefined) return { ticket: null, userErrors: [] }
  const ticket = { id: input.id.trim(), system: input.system?.trim() || null }
  const userErrors: UserError[] = []
  if (ticket.id === '')
    userErrors.push({ code: 'INVALID_INPUT', field: ['ticket', 'id'], message: 'A ticket has an id.' })
  for (const part of ['id', 'system'] as const)
    if ((ticket[part] ?? '').length > longestTicketPart)
      userErrors.push({
        code: 'LIMIT_EXCEEDED',
        field: ['ticket', part],
        limit: longestTicketPart,
        message: `The ${part} of a ticket has at most ${longestTicketPart} characters.`,
      })
  return { ticket, userErrors }
}
