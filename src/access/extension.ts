import { evaluate } from './evaluate.ts'
import type { PolicyTerms, PortKey } from './policy.ts'
import { anyText } from './text-rule.ts'
import type { UserError } from './user-error.ts'
import type { GrantState } from './words.ts'

/** A grant as far as its extension depends on it. */
export interface Extendable extends PortKey {
  readonly requesterId: string
  readonly sources: readonly string[]
  readonly endsAt: Date
}

/** How far an open grant can be extended, as its policy stands, and what it takes. */
export interface ExtensionOffer {
  /** The longest window that can be asked for, in seconds from the moment of the extension. */
  readonly longestSeconds: number
  /** The end that it would have now, ISO 8601. */
  readonly until: string
  readonly needsApproval: boolean
  readonly needsJustification: boolean
  readonly needsTicket: boolean
}

/**
 * How far a grant that is open at the moment `now` can be extended: as if its port were asked for from zero, with the
 * maximum of the policy measured from this moment. Null when it cannot, or would end no later than it does.
 */
export function offerOf(policy: PolicyTerms, grant: Extendable, now: Date): ExtensionOffer | null {
  const { requesterId, sources, endsAt } = grant
  const asked = {
    requesterId,
    sources,
    durationSeconds: null,
    endsAt: null,
    justification: null,
    ticket: null,
    breakGlass: false,
  }
  // What has to be said with it can still be said.
  const { permitted } = evaluate({ ...policy, justification: anyText, ticket: anyText }, grant, asked, [])
  if (permitted === null) return null
  const until = new Date(now.getTime() + permitted.durationSeconds * 1_000)
  if (endsAt <= now || until <= endsAt) return null
  return {
    longestSeconds: permitted.durationSeconds,
    until: until.toISOString(),
    needsApproval: permitted.approval !== null,
    needsJustification: policy.justification.required,
    needsTicket: policy.ticket.required,
  }
}

/** Why a grant in this state, with this end, is not open at the moment `now`; null when it is. */
export function notOpen(state: GrantState, endsAt: Date | null, now: Date): UserError | null {
  const conflict = (message: string): UserError => ({ code: 'CONFLICT', field: ['grantId'], message })
  if (state === 'CLOSING' || state === 'CLOSED' || state === 'OPEN_FAILED')
    return conflict('The grant has already ended: ask for access anew.')
  if (state !== 'ACTIVE' || endsAt === null)
    return conflict('The grant is not open yet: it can be extended once it is.')
  return endsAt <= now ? conflict('The window of the grant has passed: ask for access anew.') : null
}

/** Why an extension to `to` is none; null when it is one. `field` is that of the end in the verb's input. */
export function noLater(to: Date, endsAt: Date, field: 'duration' | 'endsAt'): UserError | null {
  if (to > endsAt) return null
  const message = `The grant runs until ${endsAt.toISOString()} as it is: an extension ends later.`
  return { code: 'INVALID_INPUT', field: [field], message }
}
