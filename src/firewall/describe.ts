import type { Rule } from './rule.ts'

/** What every deny of ours says of itself. */
export const denyDescription = 'JIT Gateway keeps these ports closed to whoever holds no grant.'

/** What an allow says of itself: at most 140 characters, enough to close it from the cloud alone. */
export function describeAllow(grantId: string, endsAt: string, others: number): string {
  return `JIT Gateway grant ${grantId} until ${endsAt}${others > 0 ? ` and ${others} more` : ''}.`
}

const PATTERN = /^JIT Gateway grant (\S+) until (\S+?)(?: and \d+ more)?\.$/

/** The grant and the end that an allow of ours names; null when its description was rewritten. */
export function readDescription(rule: Rule): { readonly grantId: string; readonly endsAtMs: number } | null {
  const [, grantId, endsAt] = PATTERN.exec(rule.description) ?? []
  if (grantId === undefined || endsAt === undefined) return null
  const endsAtMs = Date.parse(endsAt)
  return Number.isNaN(endsAtMs) ? null : { grantId, endsAtMs }
}
