/** Text in quotes. */
export const literal = (text: string) => `'${text.replaceAll("'", "''")}'`

/** A moment as the API writes it. */
export function instantSql(column: string): string {
  return `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`
}

/** A text as base64url without padding. `translate` would say it shorter, and look at each letter on its own. */
export function base64urlSql(text: string): string {
  const base64 = `encode(convert_to(${text}, 'UTF8'), 'base64')`
  return `rtrim(replace(replace(replace(${base64}, E'\\n', ''), '+', '-'), '/', '_'), '=')`
}

/** A length of time as the API writes it, from whole seconds: what `formatDuration` makes of them. */
export function durationSql(seconds: string): string {
  return `(select 'PT' || coalesce(nullif(s / 3600, 0) || 'H', '') || coalesce(nullif(s % 3600 / 60, 0) || 'M', '')
    || case when s = 0 or s % 60 > 0 then s % 60 || 'S' else '' end from (select ${seconds} as s) d where s is not null)`
}

/** The one row of an actor, from expressions of its kind, id and name. */
export function actorSql(kind: string, id: string, name: string): string {
  return `(select ${kind} as kind, ${id} as id, ${name} as name)`
}

/** The one row of a failure, from its two columns. */
export function failureSql(code: string, message: string): string {
  return `(select ${code} as code, ${message} as message)`
}

/** Whether there was a failure at all. */
export const isFailure = (row: string) => `${row}.code is not null`

/** The one row of a ticket, from expressions of its id and system. */
export function ticketSql(id: string, system: string): string {
  return `(select ${id} as id, ${system} as system)`
}

/** Whether there was a ticket at all. */
export const isTicket = (row: string) => `${row}.id is not null`

/** The elements of a list in JSON as rows: `value`, and `n` for their order. */
export function elementsSql(json: string): string {
  return `(select * from jsonb_array_elements(${json}) with ordinality e(value, n))`
}

/** A list of texts in JSON as a list of SQL. */
export function textsSql(json: string): string {
  return `array(select jsonb_array_elements_text(${json}))`
}
