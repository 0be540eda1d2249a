import type { InvalidInput } from '../../access/user-error.ts'

/**
 * The first text of a verb's input that the database cannot hold: Postgres takes no zero character and no half of a
 * surrogate pair. Null when all can be held.
 */
export function unwritableText(input: unknown, field: readonly string[] = []): InvalidInput | null {
  if (typeof input === 'string') {
    if (input.isWellFormed() && !input.includes('\0')) return null
    return { code: 'INVALID_INPUT', field, message: 'This text holds a character that is not accepted.' }
  }
  if (typeof input !== 'object' || input === null || input instanceof Date) return null
  for (const [name, value] of Object.entries(input)) {
    const found = unwritableText(value, [...field, name])
    if (found !== null) return found
  }
  return null
}
