import type { Entity, Field, One, Parts, Variant } from './description.ts'
import { connectionSql } from './connection-sql.ts'
import type { Column } from './form.ts'
import type { Parameters } from './parameters.ts'
import { entityNamed } from './registry.ts'
import type { Selected } from './selection.ts'
import { sharedBeginning } from './shared-selection.ts'
import { literal } from './sql.ts'

/** The key under which a row carries the name of its object type, where that is not known beforehand. */
export const TYPE_KEY = '@type'

/** A row that is being read: its alias, and what its values are made of beside it, for the FROM it is read in. */
export interface Reading {
  readonly row: string
  readonly joins: string[]
}

/** What is selected of a row, as the form has it. `typed` marks rows of several types, told apart by `TYPE_KEY`. */
export function rowJson(
  parameters: Parameters,
  entity: Entity,
  reading: Reading,
  node: Selected,
  typed = false,
): string {
  const { variants } = entity
  const { form } = parameters
  const { row } = reading
  const mark = (type: string): Column[] => (form.name === 'text' ? [] : [[TYPE_KEY, type]])
  if (variants === undefined) {
    const type = form.word(entity.name)
    const columns = columnsOf(parameters, entity, reading, node.types.get(entity.name)?.fields ?? [], type)
    return form.object([...columns, ...(typed ? mark(type) : [])])
  }
  const shapes = [...Map.groupBy(variants, ({ name }) => node.types.get(name)?.shape).values()]
  const selections = shapes.map(([one]) => node.types.get(String(one?.name))?.fields ?? [])
  const own = new Set(variants.flatMap(({ fields }) => Object.keys(fields)))
  const alike = (selections[0] ?? []).slice(0, sharedBeginning(selections))
  const firstOwn = alike.findIndex(({ name }) => own.has(name))
  const shared = firstOwn === -1 ? alike : alike.slice(0, firstOwn)
  const typeOf = (some: typeof variants) =>
    form.name === 'text' && some.length === 1
      ? form.word(String(some[0]?.name))
      : `case ${some.map((one) => `when ${isAny(row, [one])} then ${form.word(one.name)}`).join(' ')} end`
  const cases = shapes.map((some, place) => {
    const fields = Object.assign({}, entity.fields, ...some.map((variant) => variant.fields)) as Entity['fields']
    const rest = (selections[place] ?? []).slice(shared.length)
    const type = typeOf(some)
    const columns = columnsOf(parameters, { ...entity, fields }, reading, rest, type)
    return [isAny(row, some), [...columns, ...mark(type)]] as const
  })
  return form.varied(columnsOf(parameters, entity, reading, shared, typeOf(variants)), cases)
}

/** That a row is of one of these types. In one list: Postgres sets up every condition anew for each run. */
function isAny(row: string, variants: readonly Variant[]): string {
  const values = variants.flatMap(({ told }) => told.values)
  return `${row}.${String(variants[0]?.told.by)} in (${values.map(literal).join(', ')})`
}

export interface OneOptions {
  readonly typed?: boolean
  /** What it is read from in place of the type's own table. */
  readonly from?: string
}

/** At most one row of `entity` that `where` picks and the viewer may see; SQL's null when there is none. */
export function oneJson(
  parameters: Parameters,
  entity: Entity,
  node: Selected,
  where: (row: string) => string,
  { typed = false, from = entity.table }: OneOptions = {},
): string {
  const reading = { row: parameters.alias(), joins: [] }
  const json = rowJson(parameters, entity, reading, node, typed)
  const wanted = `${where(reading.row)} and ${entity.authorisation.where(reading.row, parameters)}`
  return `(select ${json} from ${fromSql(from, reading)} where ${wanted})`
}

/** What a row is read from, and what is beside it. */
export function fromSql(table: string, { row, joins }: Reading): string {
  return [`${table} ${row}`, ...joins].join(' cross join lateral ')
}

/** What is selected of a row, each answer under its key; `type` is the SQL of the name of its type. */
function columnsOf(
  parameters: Parameters,
  entity: Entity,
  reading: Reading,
  fields: readonly Selected[],
  type: string,
): Column[] {
  const selected = Map.groupBy(fields, (child) => keyOf(parameters, entity, child))
  return [...selected].flatMap(([key, children]): Column[] => {
    const child = together(children)
    if (key === null) return []
    if (child.name === '__typename') return [[key, type]]
    const field = entity.fields[child.name]
    if (field === undefined) throw new Error(`${entity.name}.${child.name} is not described.`)
    return [[key, fieldSql(parameters, entity, field, reading, child)]]
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

function fieldSql(parameters: Parameters, entity: Entity, field: Field, reading: Reading, node: Selected): string {
  const { form } = parameters
  const { row } = reading
  if (field.kind === 'value') {
    const sql = field.sql(row, parameters)
    if (field.json !== undefined) return form.jsonList(field.json(row, parameters), sql)
    return form.leaf(node.type, sql, field.stored === true && entity.plain !== true)
  }
  if (field.kind === 'parts') return partsJson(parameters, field, row, node)
  if (field.kind === 'connection') return connectionSql(parameters, field, row, node)
  if (field.nonNull === true && field.from !== undefined) return madeJson(parameters, field, field.from, reading, node)
  return form.orNull(relatedJson(parameters, field, row, node))
}

/** A plain value that is always there. Beside its row it costs Postgres nothing, but a select of its own would. */
function madeJson(
  parameters: Parameters,
  field: One,
  from: NonNullable<One['from']>,
  { row, joins }: Reading,
  node: Selected,
): string {
  const made = parameters.alias()
  joins.push(`${from(row, parameters, node)} ${made}`)
  return rowJson(parameters, entityNamed(field.to), { row: made, joins }, node)
}

function relatedJson(parameters: Parameters, field: One, row: string, node: Selected): string {
  const from = field.from?.(row, parameters, node)
  const where = (other: string) => field.on(row, other)
  return oneJson(parameters, entityNamed(field.to), node, where, from === undefined ? {} : { from })
}

function partsJson(parameters: Parameters, field: Parts, row: string, node: Selected): string {
  const entity = entityNamed(field.of)
  const reading = { row: parameters.alias(), joins: [] }
  const json = rowJson(parameters, entity, reading, node)
  const { row: part } = reading
  const wanted = `${field.on(row, part, parameters)} and ${entity.authorisation.where(part, parameters)}`
  const from = `from ${fromSql(field.from?.(row, parameters) ?? entity.table, reading)} where ${wanted}`
  return parameters.form.list(json, from, field.orderBy(part))
}
