import { formatDuration } from '../time/duration.ts'
import type { UserError } from './user-error.ts'

/** Shortest window that can be asked, in seconds. */
export const shortestWindow = 10

/** How long an opening may take to be proven before it has failed, in seconds. */
export const longestOpening = 600

/**
 * The same where a firewall stands before the machine: a write of one takes up to five minutes, one at a time, so that an
 * opening may have to wait for the write before it, and be written again when somebody else came in between.
 */
export const longestOpeningBehindFirewall = 1_800

/** Longest justification, in characters. */
export const longestJustification = 1_000

/** How far ahead a window may begin, in seconds: thirty days. */
export const longestAhead = 2_592_000

/** The window as asked: a duration that starts at activation, or a moment it ends at; neither means the longest allowed. */
export interface WindowInput {
  /** Null begins as soon as it may. */
  readonly startsAt?: Date | null
  readonly durationSeconds?: number | null
  readonly endsAt?: Date | null
}

/** Checks a window against the moment `now`; what is asked of the policy is its length in seconds. */
export function readWindow(
  input: WindowInput,
  now: Date,
): {
  readonly durationSeconds: number | null
  readonly endsAt: Date | null
  readonly startsAt: Date | null
  readonly userErrors: readonly UserError[]
} {
  const startsAt = input.startsAt ?? null
  const durationSeconds = input.durationSeconds ?? null
  const endsAt = input.endsAt ?? null
  const refused = (field: string, message: string) => ({
    durationSeconds: null,
    endsAt: null,
    startsAt: null,
    userErrors: [{ code: 'INVALID_INPUT' as const, field: [field], message }],
  })
  const shortest = formatDuration(shortestWindow)
  const ahead = startsAt === null ? 0 : Math.ceil((startsAt.getTime() - now.getTime()) / 1_000)
  if (Number.isNaN(ahead)) return refused('startsAt', 'The beginning is no moment.')
  if (startsAt !== null && ahead <= 0)
    return refused('startsAt', 'The beginning has passed: leave it out to begin at once.')
  if (ahead > longestAhead) return refused('startsAt', `A window begins at most ${longestAhead / 86_400} days ahead.`)
  if (durationSeconds !== null && endsAt !== null)
    return refused('endsAt', 'Give a duration or an absolute end, not both.')
  if (durationSeconds !== null && durationSeconds < shortestWindow)
    return refused('duration', `A window lasts at least ${shortest}.`)
  if (endsAt === null) return { durationSeconds, endsAt, startsAt, userErrors: [] }
  const length = Math.ceil((endsAt.getTime() - (startsAt ?? now).getTime()) / 1_000)
  if (Number.isNaN(length)) return refused('endsAt', 'The end is no moment.')
  if (length <= 0)
    return refused('endsAt', startsAt === null ? 'The end has passed.' : 'The end is not after the beginning.')
  if (length < shortestWindow) return refused('endsAt', `A window lasts at least ${shortest}.`)
  return { durationSeconds: length, endsAt, startsAt, userErrors: [] }
}

/** What is wrong with a justification: it is bounded. */
export function justificationErrors(text: string | null | undefined): UserError[] {
  if ((text ?? '').length <= longestJustification) return []
  const limit = longestJustification
  const message = `A justification has at most ${limit} characters.`
  return [{ code: 'LIMIT_EXCEEDED', field: ['justification'], limit, message }]
}
