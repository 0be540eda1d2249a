import { matchesPattern, readPattern } from './text-pattern.ts'
import type { UserError } from './user-error.ts'

/** What a policy asks of a text that comes with a request: the justification, or the id of the ticket. */
export interface TextRule {
  /** Whether it must be there. */
  readonly required: boolean
  /** What the whole of it must be, where it is there; null leaves it to whoever writes it. */
  readonly pattern: string | null
}

/** A rule as asked. */
export interface TextRuleInput {
  readonly required: boolean
  readonly pattern?: string | null
}

/** What is asked when nobody said otherwise. */
export const anyText: TextRule = { required: false, pattern: null }

/** Checks a rule as asked; `field` is its path in the verb's input. */
export function readTextRule(
  input: TextRuleInput,
  field: readonly string[],
): { readonly rule: TextRule; readonly userErrors: readonly UserError[] } {
  const { required, pattern = null } = input
  const read = pattern === null ? null : readPattern(pattern)
  const userErrors: readonly UserError[] =
    read !== null && 'fault' in read
      ? [{ code: 'INVALID_INPUT', field: [...field, 'pattern'], message: read.fault }]
      : []
  return { rule: { required, pattern }, userErrors }
}

/** Whether a text, or its absence, is what a rule asks. */
export function meetsTextRule({ required, pattern }: TextRule, text: string | null): boolean {
  if (text === null) return !required
  if (pattern === null) return true
  const read = readPattern(pattern)
  // A rule that cannot be read is met by nothing.
  return !('fault' in read) && matchesPattern(read, text)
}
