import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** What is asked for, by what the answer is. */
export const documentNames = [
  'virtual-machine-page',
  'virtual-machine-activity',
  'grant-page',
  'jit-status-counts',
] as const
export type DocumentName = (typeof documentNames)[number]

/** The text of a document in a folder of documents. */
export const documentIn = (folder: URL, name: DocumentName): string =>
  readFileSync(new URL(`${name}.graphql`, folder), 'utf8')

/** The documents as the gateway's schema has them. */
export const document = (name: DocumentName): string => documentIn(new URL('documents/', import.meta.url), name)

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** What a document is asked about, in the database's own ids; each server is told it in its own way. */
export interface Place {
  /** The machine or account that is asked for. */
  readonly id?: string
  /** The state that grants are asked for in. */
  readonly state?: 'ACTIVE' | 'CLOSED'
  /** The row a page begins after; null for the first page. */
  readonly after?: Row | null
}

/** A row of a page; grants have no name. */
export interface Row {
  readonly id: string
  readonly name: string
}
