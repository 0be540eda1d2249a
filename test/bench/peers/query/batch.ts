/** The rows of each key, in the keys' order. */
export function listsOf<Row>(
  keys: readonly string[],
  rows: readonly Row[],
  keyOf: (row: Row) => string,
): readonly (readonly Row[])[] {
  const lists = new Map<string, Row[]>(keys.map((key) => [key, []]))
  for (const row of rows) lists.get(keyOf(row))?.push(row)
  return keys.map((key) => lists.get(key) ?? [])
}

/** The one row of each key, in the keys' order; null where there is none. */
export function onesOf<Row>(
  keys: readonly string[],
  rows: readonly Row[],
  keyOf: (row: Row) => string,
): readonly (Row | null)[] {
  const ones = new Map(rows.map((row) => [keyOf(row), row]))
  return keys.map((key) => ones.get(key) ?? null)
}
