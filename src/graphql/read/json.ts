import type { Form } from './parameters.ts'

/** Postgres cuts identifiers off at 63 bytes. */
const LONGEST_KEY = 63

/** A key of an object, and the SQL of its value. */
export type Column = readonly [key: string, sql: string]

/** The property of a row that holds the answer for a response key: the key itself, unless Postgres would cut it off. */
export function columnKey(key: string): string {
  if (key.length <= LONGEST_KEY) return key
  let hash = 5381n
  for (const letter of key) hash = (hash * 33n + BigInt(letter.charCodeAt(0))) % 2n ** 96n
  return `@${hash.toString(36)}`
}

/** The key under which a form holds the answer for a response key. */
export function keyIn(form: Form, key: string): string {
  return form === 'text' ? key : columnKey(key)
}

/** An object; `from`, where given, is what the values are read from, and then it is the object of each of those rows. */
export function objectSql(columns: readonly Column[], from = ''): string {
  if (columns.length === 0) return from === '' ? `'{}'::json` : `(select '{}'::json ${from})`
  if (columns.every(([key]) => key.length <= LONGEST_KEY))
    return `(select row_to_json(o) from (select ${columns.map(([key, sql]) => `${sql} as "${key}"`).join(', ')} ${from}) o)`
  // No column can have that key. Written by hand, since json_build_object puts blanks about its colons.
  const members = columns.map(([key, sql]) => `'"${key}":' || coalesce(to_json(${sql})::text, 'null')`)
  return `(select ('{' || ${members.join(` || ',' || `)} || '}')::json ${from})`
}

/** A list of the JSON of each row of `rows`. Unlike json_agg, it puts no blanks between them. */
export function listSql(rows: string): string {
  return `array_to_json(array${rows})`
}
