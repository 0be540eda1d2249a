import type { Entity, Field, One, Parts } from './description.ts'
import { connectionSql } from './connection-sql.ts'
import type { Column } from './form.ts'
import type { Parameters } from './parameters.ts'
import { entityNamed } from './registry.ts'
import type { Selected } from './selection.ts'

/** The key under which a row carries the name of its object type, where that is not known beforehand. */
export const TYPE_KEY = '@type'

export interface RowOptions {
  /** Rows of several types are told apart by `TYPE_KEY`; an answer in text has no need of it. */
  readonly typed?: boolean
  /** What `row` is read from, where the expression is not about a row that is read already. */
  readonly from?: string
}

/** An SQL expression for the row `row` as JSON of what is selected of it. */
export function rowJson(
  parameters: Parameters,
  entity: Entity,
  row: string,
  node: Selected,
  { typed = false, from = '' }: RowOptions = {},
): string {
  const { variants } = entity
  const { form } = parameters
  const mark = (type: string): Column[] => (form.name === 'text' ? [] : [[TYPE_KEY, type]])
  if (variants === undefined) {
    const type = form.word(entity.name)
    const columns = columnsOf(parameters, entity, row, node, entity.name, type)
    return form.object([...columns, ...(typed ? mark(type) : [])], from)
  }
  const shapes = Map.groupBy(variants, ({ name }) => node.types.get(name)?.shape)
  const cases = [...shapes.values()].map((alike) => {
    const type =
      form.name === 'text' && alike.length === 1
        ? form.word(String(alike[0]?.name))
        : `case ${alike.map(({ name, is }) => `when ${is(row)} then ${form.word(name)}`).join(' ')} end`
    const fields = Object.assign({}, entity.fields, ...alike.map((variant) => variant.fields)) as Entity['fields']
    const columns = columnsOf(parameters, { ...entity, fields }, row, node, String(alike[0]?.name), type)
    return { is: alike.map(({ is }) => is(row)).join(' or '), json: form.object([...columns, ...mark(type)]) }
  })
  const json =
    cases.length === 1 && cases[0] !== undefined
      ? cases[0].json
      : `case ${cases.map((one) => `when ${one.is} then ${one.json}`).join(' ')} end`
  return from === '' ? json : `(select ${json} ${from})`
}

/** At most one row of `entity` that `where` picks and the viewer may see; SQL's null when there is none. */
export function oneJson(
  parameters: Parameters,
  entity: Entity,
  node: Selected,
  where: (row: string) => string,
  { from = entity.table, ...more }: RowOptions = {},
): string {
  const row = parameters.alias()
  const wanted = `${where(row)} and ${entity.authorisation.where(row, parameters)}`
  return rowJson(parameters, entity, row, node, { ...more, from: `from ${from} ${row} where ${wanted}` })
}

/** What is selected of an object type of `entity`, each answer under its key; `type` is the SQL of that type's name. */
function columnsOf(
  parameters: Parameters,
  entity: Entity,
  row: string,
  node: Selected,
  name: string,
  type: string,
): Column[] {
  const selected = Map.groupBy(node.types.get(name)?.fields ?? [], (child) => keyOf(parameters, entity, child))
  return [...selected].flatMap(([key, children]): Column[] => {
    const child = together(children)
    if (key === null) return []
    if (child.name === '__typename') return [[key, type]]
    const field = entity.fields[child.name]
    if (field === undefined) throw new Error(`${name}.${child.name} is not described.`)
    return [[key, fieldSql(parameters, entity, field, row, child)]]
  })
}

/** Where an answer is found: resolvers of rows look for the response key, those of plain values for the field's name. */
function keyOf({ form }: Parameters, { plain }: Entity, { key, name }: Selected): string | null {
  if (form.name === 'text') return key
  if (name === '__typename') return null
  return plain === true ? name : form.key(key)
}

/** A field of a plain value under several response keys is one property, with all that is selected of it under any. */
function together([first, ...more]: readonly Selected[]): Selected {
  if (first === undefined) throw new Error('Nothing was selected.')
  const types = [...first.types].map(([type, { shape, fields }]) => {
    const others = more.flatMap((one) => one.types.get(type)?.fields ?? [])
    return [type, { shape, fields: [...fields, ...others] }] as const
  })
  return more.length === 0 ? first : { ...first, types: new Map(types) }
}

function fieldSql(parameters: Parameters, entity: Entity, field: Field, row: string, node: Selected): string {
  const { form } = parameters
  if (field.kind === 'value')
    return form.leaf(node.type, field.sql(row, parameters), field.stored === true && entity.plain !== true)
  if (field.kind === 'parts') return partsJson(parameters, field, row, node)
  if (field.kind === 'connection') return connectionSql(parameters, field, row, node)
  const related = relatedJson(parameters, field, row, node)
  return field.nonNull === true ? related : form.orNull(related)
}

function relatedJson(parameters: Parameters, field: One, row: string, node: Selected): string {
  const from = field.from?.(row, parameters)
  const where = (other: string) => field.on(row, other)
  return oneJson(parameters, entityNamed(field.to), node, where, from === undefined ? {} : { from })
}

function partsJson(parameters: Parameters, field: Parts, row: string, node: Selected): string {
  const entity = entityNamed(field.of)
  const part = parameters.alias()
  const wanted = `${field.on(row, part, parameters)} and ${entity.authorisation.where(part, parameters)}`
  const from = `from ${field.from?.(row, parameters) ?? entity.table} ${part} where ${wanted}`
  return parameters.form.list(rowJson(parameters, entity, part, node), from, field.orderBy(part))
}
