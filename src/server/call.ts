import type { Call } from '../graphql/read/operation-plans.ts'
import { persistedHash, type PersistedSetting } from './persisted-operations.ts'

const KNOWN = new Set(['query', 'operationName', 'variables', 'extensions'])

/**
 * The call that a JSON body is, with the document that it names or brings; null for a body that is none, and for a
 * document that is not known or may not be brought: what such a body is refused with is for the pipeline to say.
 */
export function callOf(body: string, persisted: PersistedSetting | null): Call | null {
  const given = parsed(body)
  if (!isRecord(given) || !Object.keys(given).every((name) => KNOWN.has(name))) return null
  const { query, operationName = null, variables = null, extensions } = given
  if (operationName !== null && typeof operationName !== 'string') return null
  if (variables !== null && !isRecord(variables)) return null
  const document = query === undefined ? registered(extensions, persisted) : persisted?.only === true ? null : query
  return typeof document === 'string' ? { document, operationName, variables: variables ?? {} } : null
}

function registered(extensions: unknown, persisted: PersistedSetting | null): string | null {
  const hash = persistedHash(extensions)
  return hash === null ? null : (persisted?.operations.get(hash) ?? null)
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return null
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
