import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'

/** Documents known beforehand, by the SHA-256 of their text in lower-case hex. */
export type PersistedOperations = ReadonlyMap<string, string>

/** Registered documents, and whether nothing else may run. */
export interface PersistedSetting {
  readonly operations: PersistedOperations
  readonly only: boolean
}

/**
 * Reads a JSON file of documents by hash, as client build tools write it. Throws when a hash is not that of its
 * document: the file is a list of what may run, so a slip in it must not pass unseen.
 */
export async function readPersistedOperations(path: string): Promise<PersistedOperations> {
  const content: unknown = JSON.parse(await readFile(path, 'utf8'))
  if (typeof content !== 'object' || content === null || Array.isArray(content))
    throw new Error(`${path} must hold one JSON object of documents by hash.`)
  const entries = Object.entries(content)
  for (const [hash, document] of entries) {
    const actual = typeof document === 'string' ? createHash('sha256').update(document).digest('hex') : null
    if (actual !== hash) throw new Error(`${path}: ${hash} is not the SHA-256 of its document.`)
  }
  return new Map(entries as [string, string][])
}

/** The hash a call names, in the way of Apollo's persisted queries; null when it names none. */
export function persistedHash(extensions: unknown): string | null {
  const persisted = field(extensions, 'persistedQuery')
  const hash = field(persisted, 'sha256Hash')
  return field(persisted, 'version') === 1 && typeof hash === 'string' ? hash : null
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
