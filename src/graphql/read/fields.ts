import type { One, Parts, RowSql, Value } from './description.ts'
import { instantSql, textsSql } from './sql.ts'

type More = Pick<Value, 'nullable' | 'list' | 'authorisation'>

export const nullable = { nullable: true } as const
export const list = { list: true } as const

/** A field that is an SQL expression. */
export function value(type: unknown, description: string, sql: RowSql, more: More = {}): Value {
  return { kind: 'value', type, description, sql, ...more }
}

/** A field that is a column. */
export function column(type: unknown, description: string, name: string, more: More = {}): Value {
  return { ...value(type, description, (row) => `${row}.${name}`, more), stored: true }
}

/** A field that is a list of addresses, kept as JSON. */
export function addresses(description: string, json: (row: string) => string): Value {
  return { ...value('CIDR', description, (row) => textsSql(json(row)), list), json }
}

/** A field that is a moment. */
export function instant(description: string, name: string, more: More = {}): Value {
  return { ...value('DateTime', description, (row) => instantSql(`${row}.${name}`), more), stored: true }
}

/** A field that is another thing, or null. */
export function one(to: string, description: string, on: One['on']): One {
  return { kind: 'one', to, description, on }
}

/** A field that is a short list of parts. */
export function parts(of: string, description: string, on: Parts['on'], orderBy: Parts['orderBy']): Parts {
  return { kind: 'parts', of, description, on, orderBy }
}

/** A field that is a plain value: `from` is the one row it is made of. */
export function plainOne(to: string, description: string, from: RowSql, more: Pick<One, 'authorisation'> = {}): One {
  return { kind: 'one', to, description, from, on: () => 'true', nonNull: true, ...more }
}

/** A field that is a plain value, or null where `is` does not hold for the row it is made of. */
export function plainOrNull(to: string, description: string, from: RowSql, is: (made: string) => string): One {
  return { kind: 'one', to, description, from, on: (_row, made) => is(made) }
}

/** A field that is a list of plain values: one of each row of `from`. */
export function plainList(to: string, description: string, from: RowSql, orderBy: Parts['orderBy']): Parts {
  return { kind: 'parts', of: to, description, from, on: () => 'true', orderBy }
}
