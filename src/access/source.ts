import { formatPrefix, parsePrefix, prefixesOverlap, type Prefix } from './prefix.ts'
import type { UserError } from './user-error.ts'

/** Most source prefixes in one list. */
export const mostSources = 50

/** Checks a list of source prefixes; the answer is canonical. A bare address stands for itself alone. */
export function readSources(
  input: readonly string[],
  field: readonly string[],
): { readonly sources: readonly string[]; readonly userErrors: readonly UserError[] } {
  if (input.length > mostSources)
    return {
      sources: [],
      userErrors: [
        { code: 'LIMIT_EXCEEDED', field, limit: mostSources, message: `At most ${mostSources} prefixes can be named.` },
      ],
    }
  if (input.length === 0)
    return {
      sources: [],
      userErrors: [{ code: 'INVALID_INPUT', field, message: 'Name at least one prefix, or leave the list out.' }],
    }
  const userErrors: UserError[] = []
  const read: Prefix[] = []
  for (const [index, text] of input.entries()) {
    const prefix = parsePrefix(text)
    const at = [...field, String(index)]
    if ('fault' in prefix) userErrors.push({ code: 'INVALID_INPUT', field: at, message: prefix.fault })
    else if (read.some((earlier) => prefixesOverlap(earlier, prefix)))
      userErrors.push({ code: 'INVALID_INPUT', field: at, message: `${text} overlaps another prefix of the list.` })
    else read.push(prefix)
  }
  return { sources: read.map(formatPrefix), userErrors }
}
