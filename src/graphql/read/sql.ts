/** A moment as the API writes it. */
export function instantSql(column: string): string {
  return `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`
}

/** An actor as JSON, from expressions of its kind, id and name. */
export function actorSql(kind: string, id: string, name: string): string {
  return `json_build_object('kind', ${kind}, 'id', ${id}, 'name', ${name})`
}

/** A fault as JSON from its two columns; null when there is none. */
export function faultSql(code: string, message: string): string {
  return `case when ${code} is not null then json_build_object('code', ${code}, 'message', ${message}) end`
}
