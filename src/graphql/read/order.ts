import { badInput } from '../bad-input.ts'
import type { Order, OrderKey } from './description.ts'
import { base64urlSql } from './sql.ts'

const shapes: Record<OrderKey['type'], RegExp> = {
  text: /^[^\0]*$/,
  uuid: /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  bigint: /^\d{1,18}$/,
  xid8: /^\d{1,19}$/,
}

/**
 * SQL of the cursor of the row with these keys: base64url of the order's name and the keys, so that a cursor of another
 * order is refused.
 */
export function cursorSql(order: Order, keys: readonly string[]): string {
  if (order.cursor !== undefined) return order.cursor.sql(keys)
  return base64urlSql(`json_build_array('${order.name}', ${keys.map((key) => `${key}::text`).join(', ')})::text`)
}

/** The keys in a cursor, as text; refuses one that is none, or of another order. */
export function parseCursorOf(order: Order, text: string): readonly string[] {
  const keys = order.cursor === undefined ? parse(order, text) : order.cursor.parse(text)
  if (keys === null || !keys.every((key, place) => shapes[order.keys[place]?.type ?? 'text'].test(key)))
    throw badInput('The cursor is not one of this connection in this order.')
  return keys
}

function parse(order: Order, text: string): string[] | null {
  try {
    const parts: unknown = JSON.parse(Buffer.from(text, 'base64url').toString())
    if (!Array.isArray(parts) || parts.length !== order.keys.length + 1 || parts[0] !== order.name) return null
    return parts.every((part) => typeof part === 'string') ? parts.slice(1) : null
  } catch {
    return null
  }
}
