import type { Entity, Field, One, Parts } from './description.ts'
import { connectionSql } from './connection-sql.ts'
import type { Parameters } from './parameters.ts'
import { entityNamed } from './registry.ts'
import type { Selected } from './selection.ts'

/** The key under which a row carries the name of its object type, where that is not known beforehand. */
export const TYPE_KEY = '@type'

/** Postgres cuts identifiers off at 63 bytes. */
const LONGEST_KEY = 63

/** The property of a row that holds the answer for a response key: the key itself, unless Postgres would cut it off. */
export function columnKey(key: string): string {
  if (key.length <= LONGEST_KEY) return key
  let hash = 5381n
  for (const letter of key) hash = (hash * 33n + BigInt(letter.charCodeAt(0))) % 2n ** 96n
  return `@${hash.toString(36)}`
}

/** An SQL expression for the row `row` as JSON of what is selected of it. */
export function rowJson(parameters: Parameters, entity: Entity, row: string, node: Selected, typed = false): string {
  const variants = entity.variants
  if (variants === undefined) {
    const columns = columnsOf(parameters, entity.fields, row, node, entity.name)
    return json(typed ? [...columns, `'${entity.name}' as "${TYPE_KEY}"`] : columns)
  }
  const type = `case ${variants.map(({ name, is }) => `when ${is(row)} then '${name}'`).join(' ')} end as "${TYPE_KEY}"`
  const shapes = Map.groupBy(variants, ({ name }) => node.types.get(name)?.shape)
  const cases = [...shapes.values()].map((alike) => {
    const fields = Object.assign({}, entity.fields, ...alike.map((variant) => variant.fields)) as Entity['fields']
    const columns = columnsOf(parameters, fields, row, node, (alike[0] as (typeof alike)[0]).name)
    return { is: alike.map(({ is }) => is(row)).join(' or '), json: json([...columns, type]) }
  })
  return cases.length === 1 && cases[0] !== undefined
    ? cases[0].json
    : `case ${cases.map((one) => `when ${one.is} then ${one.json}`).join(' ')} end`
}

/** At most one row of `entity` that `where` picks and the viewer may see, as JSON; SQL null when there is none. */
export function oneJson(
  parameters: Parameters,
  entity: Entity,
  node: Selected,
  where: (row: string) => string,
  typed = false,
): string {
  const row = parameters.alias()
  const from = `from ${entity.table} ${row} where ${where(row)} and ${entity.authorisation.where(row, parameters)}`
  return `(select ${rowJson(parameters, entity, row, node, typed)} ${from})`
}

function columnsOf(
  parameters: Parameters,
  fields: Entity['fields'],
  row: string,
  node: Selected,
  type: string,
): string[] {
  return (node.types.get(type)?.fields ?? []).map((child) => {
    const field = fields[child.name]
    if (field === undefined) throw new Error(`${type}.${child.name} is not described.`)
    return `${fieldSql(parameters, field, row, child)} as "${columnKey(child.key)}"`
  })
}

function fieldSql(parameters: Parameters, field: Field, row: string, node: Selected): string {
  if (field.kind === 'value') return field.sql(row, parameters)
  if (field.kind === 'one') return relatedJson(parameters, field, row, node)
  if (field.kind === 'parts') return partsJson(parameters, field, row, node)
  return connectionSql(parameters, field, row, node)
}

function relatedJson(parameters: Parameters, field: One, row: string, node: Selected): string {
  return oneJson(parameters, entityNamed(field.to), node, (other) => field.on(row, other))
}

function partsJson(parameters: Parameters, field: Parts, row: string, node: Selected): string {
  const entity = entityNamed(field.of)
  const part = parameters.alias()
  const columns = columnsOf(parameters, entity.fields, part, node, entity.name)
  const from = `from ${entity.table} ${part} where ${field.on(row, part, parameters)} and ${entity.authorisation.where(part, parameters)}`
  return `(select coalesce(json_agg(o), '[]'::json) from (select ${columns.join(', ')} ${from} order by ${field.orderBy(part)}) o)`
}

function json(columns: readonly string[]): string {
  return columns.length === 0 ? `'{}'::json` : `(select row_to_json(o) from (select ${columns.join(', ')}) o)`
}
