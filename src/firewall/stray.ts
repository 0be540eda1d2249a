import { readDescription } from './describe.ts'
import { isOurAllow, type Rule } from './rule.ts'

/**
 * Why an allow of ours should not be there. OVERDUE: the end that it names is over. UNKNOWN: it names no grant, so that
 * nobody would close it in time.
 */
export type StrayReason = 'OVERDUE' | 'UNKNOWN'

/** An allow of ours that should not be there, told from the cloud's rules alone. */
export interface Stray {
  readonly rule: Rule
  readonly reason: StrayReason
  /** The grant and the end that the rule names, the end in milliseconds since the epoch; null when it names none. */
  readonly named: { readonly grantId: string; readonly endsAtMs: number } | null
}

/** The allows of ours that should be gone at `nowMs`. `graceMs` is what an enforcer is given to close one itself. */
export function strayAllows(rules: readonly Rule[], nowMs: number, graceMs: number): Stray[] {
  return rules.filter(isOurAllow).flatMap((rule): Stray[] => {
    const named = readDescription(rule)
    if (named === null) return [{ rule, reason: 'UNKNOWN', named }]
    return named.endsAtMs + graceMs <= nowMs ? [{ rule, reason: 'OVERDUE', named }] : []
  })
}
