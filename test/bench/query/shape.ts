import { createHash } from 'node:crypto'

/** Reads parts of JSON whose shape is known by whoever asked for it. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Json = any

/**
 * A hash of what an answer says: alike for the same data, whatever the order of its keys. Cursors are left out, since
 * each server has its own.
 */
export function hashOf(data: Json): string {
  return createHash('sha256')
    .update(JSON.stringify(canonical(data)))
    .digest('hex')
}

/** The first place where two answers differ, for a person. */
export function differenceOf(one: Json, other: Json, path = 'data'): string {
  const deep = (value: Json): value is object => typeof value === 'object' && value !== null
  if (deep(one) && deep(other)) {
    const [left, right] = [canonical(one) as Record<string, Json>, canonical(other) as Record<string, Json>]
    const keys = [...new Set([...Object.keys(left), ...Object.keys(right)])]
    const found = keys.find((key) => JSON.stringify(left[key]) !== JSON.stringify(right[key]))
    if (found !== undefined) return differenceOf(left[found], right[found], `${path}.${found}`)
  }
  return `${path} is ${JSON.stringify(one)} here and ${JSON.stringify(other)} there`
}

function canonical(value: Json): Json {
  if (Array.isArray(value)) return value.map(canonical)
  if (typeof value !== 'object' || value === null) return value
  const keys = Object.keys(value as object).filter((key) => key !== 'endCursor')
  return Object.fromEntries(keys.toSorted().map((key) => [key, canonical((value as Record<string, Json>)[key])]))
}
