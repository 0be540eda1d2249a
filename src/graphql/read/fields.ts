import type { One, Parts, RowSql, Value } from './description.ts'
import { instantSql } from './sql.ts'

type More = Pick<Value, 'nullable' | 'list' | 'authorisation'>

/** A field that is an SQL expression. */
export function value(type: unknown, description: string, sql: RowSql, more: More = {}): Value {
  return { kind: 'value', type, description, sql, ...more }
}

/** A field that is a column. */
export function column(type: unknown, description: string, name: string, more: More = {}): Value {
  return value(type, description, (row) => `${row}.${name}`, more)
}

/** A field that is a moment. */
export function instant(description: string, name: string, more: More = {}): Value {
  return value('DateTime', description, (row) => instantSql(`${row}.${name}`), more)
}

/** A field that is another thing, or null. */
export function one(to: string, description: string, on: One['on']): One {
  return { kind: 'one', to, description, on }
}

/** A field that is a short list of parts. */
export function parts(of: string, description: string, on: Parts['on'], orderBy: Parts['orderBy']): Parts {
  return { kind: 'parts', of, description, on, orderBy }
}

export const nullable = { nullable: true } as const
export const list = { list: true } as const
