/** The SQL of the cursor of a fact: what `encodeCursor` of the activity room writes for the same place. */
export function activityCursorSql(row: string): string {
  const place = `'1.' || ${row}.transaction::text || '.' || ${row}.position::text`
  return `translate(encode(convert_to(${place}, 'UTF8'), 'base64'), E'+/=\\n', '-_')`
}
