import type { GraphQLResolveInfo } from 'graphql'
import { badInput } from '../bad-input.ts'
import type { GatewayContext } from '../context.ts'
import { oneJson } from './compile.ts'
import { filterOf } from './filter-value.ts'
import type { Arguments, Connection, Entity, Root } from './description.ts'
import type { Parameters, Run } from './parameters.ts'
import { entityNamed, type EntityName, type Row } from './registry.ts'
import { rowForm } from './row-form.ts'
import { selectionOf, type Selected, type Selection } from './selection.ts'
import { createStatements, type Statement } from './statements.ts'

/** The statements of rows, in the form that resolvers read. */
const statements = createStatements(rowForm)

/** Runs the one statement that answers a selection. `root` names how it is read, and what it was given is a parameter. */
async function run(
  context: GatewayContext,
  selection: Selection,
  root: string,
  given: unknown,
  compile: (parameters: Parameters, node: Selected) => string,
): Promise<unknown> {
  const { viewer } = context
  const statement = statements.of(`${root} ${selection.shape}`, viewer, (parameters) =>
    compile(parameters, selection.root),
  )
  const { rows } = await context.store.pool.query<[unknown]>({
    text: statement.text,
    values: valuesOf(statement, { viewer, selected: selection.all, given }),
    rowMode: 'array',
    ...statements.nameOf(statement),
  })
  return rows[0]?.[0] ?? null
}

/** The values of the parameters of one run; refuses what no statement can be given. */
export function valuesOf({ sources }: Statement, inputs: Run): unknown[] {
  return sources.map((source) => plain(source(inputs)))
}

/** What a field of Query answers, as rows. */
export async function readRoot(
  context: GatewayContext,
  info: GraphQLResolveInfo,
  args: object,
  root: Root,
): Promise<unknown> {
  const given = args as Arguments
  const name = `${root.name} ${root.shape?.(given) ?? ''}`
  return run(context, selectionOf(info, args, root.only?.(given)), name, null, root.sql)
}

/** One thing by its id, under the viewer's authorisation; null for no id, and for what is not there or not visible. */
export async function readOne(
  context: GatewayContext,
  info: GraphQLResolveInfo,
  name: EntityName,
  id: string | null,
): Promise<Row | null> {
  if (id === null) return null
  return (await run(context, selectionOf(info, {}), `one ${name}`, id, (parameters, node) => {
    const entity = entityNamed(name)
    const { column, type } = keyOf(entity)
    const given = parameters.bind((inputs) => inputs.given, type)
    return oneJson(parameters, entity, node, (row) => `${row}.${column} = ${given}`)
  })) as Row | null
}

/** Things by their ids, in that order; what is not there or not visible is left out. */
export async function readMany(
  context: GatewayContext,
  info: GraphQLResolveInfo,
  name: EntityName,
  ids: readonly string[],
): Promise<readonly Row[]> {
  const rows = await readAligned(context, selectionOf(info, {}), name, ids)
  return rows.filter((row) => row !== null)
}

/** Things by their ids, one answer an id: null for an id that is null, not there or not visible. */
export async function readAligned(
  context: GatewayContext,
  selection: Selection,
  name: EntityName,
  ids: readonly (string | null)[],
): Promise<readonly (Row | null)[]> {
  if (ids.every((id) => id === null)) return ids.map(() => null)
  return (await run(context, selection, `many ${name}`, ids, (parameters, node) => {
    const place = parameters.alias()
    const entity = entityNamed(name)
    const { column, type } = keyOf(entity)
    const json = oneJson(parameters, entity, node, (row) => `${row}.${column} = ${place}.id`)
    const given = parameters.bind((inputs) => inputs.given, `${type}[]`)
    return parameters.form.list(json, `from unnest(${given}) with ordinality ${place}(id, n)`, `${place}.n`)
  })) as readonly (Row | null)[]
}

/** Which rows of a connection to look for: those of some ids, or a number of those behind one. */
export type Looked = { readonly ids: readonly string[] } | { readonly after: string | null; readonly limit: number }

/**
 * Ids of rows that a connection's filter and the viewer's authorisation let through, in order. `selection` is that of a
 * field with the connection's `filter` argument.
 */
export async function readIdsOf(
  context: GatewayContext,
  selection: Selection,
  connection: Connection,
  looked: Looked,
): Promise<readonly string[]> {
  const among = 'ids' in looked
  const name = `ids of ${connection.of} ${among ? 'among' : 'behind'}`
  return (await run(context, selection, name, looked, (parameters, node) => {
    const entity = entityNamed(connection.of)
    const { column, type } = keyOf(entity)
    const row = parameters.alias()
    const given = (of: string, as: string) => parameters.bind((inputs) => (inputs.given as never)[of], as)
    const which = among ? `= any(${given('ids', `${type}[]`)})` : `> coalesce(${given('after', type)}, '')`
    const wanted = [
      `${row}.${column} ${which}`,
      connection.on('', row, parameters),
      entity.authorisation.where(row, parameters),
      ...(connection.filter?.where(row, filterOf(parameters, node), parameters) ?? []),
    ]
    const limit = among ? '' : `limit ${given('limit', 'int')}`
    const key = `${row}.${column}`
    const rows = `select ${key} as id from ${entity.table} ${row} where ${wanted.join(' and ')} order by ${key} ${limit}`
    return parameters.form.list(`to_json(${row}.id)`, `from (${rows}) ${row}`, `${row}.id`)
  })) as readonly string[]
}

/** The column that global ids of a type are made of. */
export function keyOf(entity: Entity): NonNullable<Entity['key']> {
  if (entity.key === undefined) throw new Error(`${entity.name} has no id.`)
  return entity.key
}

/** Postgres has no text with a zero byte; such a value can name nothing. */
function plain(value: unknown): unknown {
  const holdsZero = Array.isArray(value) ? value.some(isZeroed) : isZeroed(value)
  if (holdsZero) throw badInput('Text with a zero byte is not accepted.')
  return value
}

function isZeroed(value: unknown): boolean {
  return typeof value === 'string' && value.includes('\0')
}
