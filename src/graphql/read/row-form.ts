import type { Form } from './form.ts'

/** Postgres cuts identifiers off at 63 bytes. */
const LONGEST_KEY = 63

/** The property of a row that holds the answer for a response key: the key itself, unless Postgres would cut it off. */
export function columnKey(key: string): string {
  if (key.length <= LONGEST_KEY) return key
  let hash = 5381n
  for (const letter of key) hash = (hash * 33n + BigInt(letter.charCodeAt(0))) % 2n ** 96n
  return `@${hash.toString(36)}`
}

/** JSON with the values of SQL, which resolvers read and their types serialize. */
export const rowForm: Form = {
  name: 'rows',
  key: columnKey,
  leaf: (_type, sql) => sql,
  jsonList: (_json, texts) => texts,
  word: (text) => `'${text}'::text`,
  object(columns) {
    if (columns.length === 0) return `'{}'::json`
    return `(select row_to_json(o) from (select ${columns.map(([key, sql]) => `${sql} as "${key}"`).join(', ')}) o)`
  },
  varied(shared, cases) {
    const objects = cases.map(([is, columns]) => [is, rowForm.object([...shared, ...columns])] as const)
    return objects.length === 1 && objects[0] !== undefined
      ? objects[0][1]
      : `case ${objects.map(([is, object]) => `when ${is} then ${object}`).join(' ')} end`
  },
  orNull: (object) => object,
  list: (element, from, orderBy) => `array_to_json(array(select ${element} ${from} order by ${orderBy}))`,
  // As text, since an aggregate's own filter would have Postgres make each element twice.
  gathered: (element, orderBy) =>
    `concat('[', string_agg(${element}::text, ','${orderBy === undefined ? '' : ` order by ${orderBy}`}), ']')::json`,
}
