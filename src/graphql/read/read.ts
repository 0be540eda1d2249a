import type { GraphQLResolveInfo } from 'graphql'
import { badInput } from '../bad-input.ts'
import type { GatewayContext } from '../context.ts'
import type { GlobalId } from '../global-id.ts'
import { oneJson, rowJson } from './compile.ts'
import { connectionSql } from './connection-sql.ts'
import type { Connection, Entity } from './description.ts'
import type { Parameters } from './parameters.ts'
import { entityNamed, type EntityName, type Row } from './registry.ts'
import { selectionOf, type Selected, type Selection } from './selection.ts'
import { createStatements } from './statements.ts'

const statements = createStatements()

/** Runs the one statement that answers a selection. `root` names how it is read, and what it was given is a parameter. */
async function run(
  context: GatewayContext,
  selection: Selection,
  root: string,
  given: unknown,
  compile: (parameters: Parameters, node: Selected) => string,
): Promise<unknown> {
  const statement = statements.of(`${root} ${selection.shape}`, (parameters) => compile(parameters, selection.root))
  const inputs = { viewer: context.viewer, selected: selection.all, given }
  const values = statement.sources.map((source) => plain(source(inputs)))
  const { rows } = await context.store.pool.query<[unknown]>({
    text: statement.text,
    values,
    rowMode: 'array',
    ...(statement.name === null ? {} : { name: statement.name }),
  })
  return rows[0]?.[0] ?? null
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
    return oneJson(
      parameters,
      entity,
      node,
      (row) => `${row}.${column} = ${parameters.bind((inputs) => inputs.given, type)}`,
    )
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
    return `(select coalesce(json_agg(${json} order by ${place}.n), '[]'::json) from unnest(${given}) with ordinality ${place}(id, n))`
  })) as readonly (Row | null)[]
}

/** Things of any types by their global ids, one answer an id: null for one that is not there or not visible. */
export async function readNodes(
  context: GatewayContext,
  info: GraphQLResolveInfo,
  args: object,
  ids: readonly GlobalId[],
): Promise<readonly (Row | null)[]> {
  const types = [...new Set(ids.map(({ type }) => type))].toSorted()
  if (types.length === 0) return []
  const objects = types.flatMap((type) => entityNamed(type).variants?.map(({ name }) => name) ?? [type])
  const answer = await run(
    context,
    selectionOf(info, args, objects),
    `nodes ${types.join(' ')}`,
    ids,
    (parameters, node) => {
      const reads = types.map((name) => {
        const entity = entityNamed(name)
        const { column, type } = keyOf(entity)
        const place = parameters.alias()
        const of = (pick: (id: GlobalId, n: number) => unknown) =>
          parameters.bind(
            ({ given }) => (given as readonly GlobalId[]).flatMap((id, n) => (id.type === name ? [pick(id, n)] : [])),
            pick.length === 1 ? `${type}[]` : 'int[]',
          )
        const json = oneJson(parameters, entity, node, (row) => `${row}.${column} = ${place}.id`, true)
        return `select ${place}.n, ${json} as j from unnest(${of((id) => id.id)}, ${of((_, n) => n)}) ${place}(id, n)`
      })
      return `(select json_agg(a.j order by a.n) from (${reads.join(' union all ')}) a)`
    },
  )
  return answer as readonly (Row | null)[]
}

/** One page of a connection of Query. */
export async function readConnection(
  context: GatewayContext,
  info: GraphQLResolveInfo,
  args: object,
  connection: Connection,
): Promise<Row> {
  const compile = (parameters: Parameters, node: Selected) => connectionSql(parameters, connection, '', node)
  return (await run(context, selectionOf(info, args), `page ${info.fieldName}`, null, compile)) as Row
}

/** What has no row of its own: fields that are SQL about the viewer. */
export async function readWhole(context: GatewayContext, info: GraphQLResolveInfo, entity: Entity): Promise<Row> {
  const compile = (parameters: Parameters, node: Selected) => rowJson(parameters, entity, '', node)
  return (await run(context, selectionOf(info, {}), `whole ${entity.name}`, null, compile)) as Row
}

function keyOf(entity: Entity) {
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
