import type { Cursor } from './activity.ts'

/** The form of today's cursors: a client may keep one for long, and another form must be told from it. */
const FORM = /^1\.(0|[1-9]\d{0,19})\.(0|[1-9]\d{0,18})$/
const HIGHEST_TRANSACTION = 2n ** 64n - 1n
const HIGHEST_POSITION = 2n ** 63n - 1n

/** The text a client is given for a place in the log: opaque, and safe in a URL. */
export function encodeCursor(cursor: Cursor): string {
  return Buffer.from(`1.${cursor.transaction}.${cursor.position}`).toString('base64url')
}

/** The place a client's text stands for; null when it is none that `encodeCursor` wrote. */
export function parseCursor(text: string): Cursor | null {
  const bytes = Buffer.from(text, 'base64url')
  const [, transaction, position] = FORM.exec(bytes.toString()) ?? []
  if (transaction === undefined || position === undefined || bytes.toString('base64url') !== text) return null
  if (BigInt(transaction) > HIGHEST_TRANSACTION || BigInt(position) > HIGHEST_POSITION) return null
  return { transaction, position }
}

/** Negative when `one` comes before `other` in the log, positive when after, 0 when they are the same place. */
export function compareCursors(one: Cursor, other: Cursor): number {
  return compareNumerals(one.transaction, other.transaction) || compareNumerals(one.position, other.position)
}

/** Compares decimal texts without leading zeros by value, which is by length first. */
function compareNumerals(one: string, other: string): number {
  if (one.length !== other.length) return one.length - other.length
  return one < other ? -1 : one > other ? 1 : 0
}
