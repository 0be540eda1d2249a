import { badInput } from '../bad-input.ts'
import type { Order, OrderKey } from './description.ts'

const shapes: Record<OrderKey['type'], RegExp> = {
  text: /^[^\0]*$/,
  uuid: /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  bigint: /^\d{1,18}$/,
  xid8: /^\d{1,19}$/,
}

/** SQL of the cursor of a row: base64url of its order's name and its keys, so that a cursor of another order is refused. */
export function cursorSql(order: Order, row: string): string {
  if (order.cursor !== undefined) return order.cursor.sql(row)
  const keys = order.keys.map(({ sql }) => `${sql(row)}::text`).join(', ')
  return `translate(encode(convert_to(json_build_array('${order.name}', ${keys})::text, 'UTF8'), 'base64'), E'+/=\\n', '-_')`
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
