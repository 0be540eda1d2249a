import { badInput } from '../bad-input.ts'
import { parseGlobalId, type GlobalId, type NodeType } from '../global-id.ts'
import { readId } from '../ids.ts'
import { oneJson } from './compile.ts'
import { connectionSql } from './connection-sql.ts'
import type { Arguments, Connection, Root } from './description.ts'
import type { Parameters } from './parameters.ts'
import { keyOf } from './read.ts'
import { entityNamed } from './registry.ts'
import type { Selected } from './selection.ts'

/** One page of a connection of Query. */
export function page(field: string, connection: Connection): Root {
  return { name: `page ${field}`, sql: (parameters, node) => connectionSql(parameters, connection, '', node) }
}

/** One thing of a type by its id; null for what is not there or not visible. */
export function thing(name: NodeType): Root {
  return {
    name: `thing ${name}`,
    sql: (parameters, node) => thingSql(parameters, node, name, ({ id }) => readId(String(id), name)),
  }
}

/** One thing of any type by its id; null for what is not there or not visible. */
export const anyThing: Root = {
  name: 'any',
  shape: (args) => idOf(args).type,
  only: (args) => objectTypes(idOf(args).type),
  sql: (parameters, node) => thingSql(parameters, node, idOf(node.arguments).type, (args) => idOf(args).id),
}

/** Things of any types by their ids, one answer an id: null for one that is not there or not visible. */
export const anyThings: Root = {
  name: 'any of',
  shape: (args) => typesOf(args).join(' '),
  only: (args) => typesOf(args).flatMap(objectTypes),
  sql(parameters, node) {
    const types = typesOf(node.arguments)
    if (types.length === 0) return `'[]'::json`
    const reads = types.map((name) => {
      const entity = entityNamed(name)
      const { column, type } = keyOf(entity)
      const place = parameters.alias()
      const ids = fromArguments(parameters, node, `${type}[]`, (args) => placesOf(args, name).map(([{ id }]) => id))
      const places = fromArguments(parameters, node, 'int[]', (args) => placesOf(args, name).map(([, n]) => n))
      const json = oneJson(parameters, entity, node, (row) => `${row}.${column} = ${place}.id`, { typed: true })
      return `select ${place}.n, ${json} as j from unnest(${ids}, ${places}) ${place}(id, n)`
    })
    return parameters.form.list('a.j', `from (${reads.join(' union all ')}) a`, 'a.n')
  },
}

function thingSql(parameters: Parameters, node: Selected, name: NodeType, idFrom: (args: Arguments) => string): string {
  const entity = entityNamed(name)
  const { column, type } = keyOf(entity)
  const id = fromArguments(parameters, node, type, idFrom)
  return parameters.form.orNull(oneJson(parameters, entity, node, (row) => `${row}.${column} = ${id}`, { typed: true }))
}

/** A parameter with what `take` makes of the arguments of `node`. */
function fromArguments(
  parameters: Parameters,
  { index }: Selected,
  type: string,
  take: (args: Arguments) => unknown,
): string {
  return parameters.bind(({ selected }) => take((selected[index] as Selected).arguments), type)
}

const objectTypes = (name: NodeType) => entityNamed(name).variants?.map((variant) => variant.name) ?? [name]

const idOf = (args: Arguments) => readAny(String(args['id']))

/** Most ids `nodes` takes. */
export const MOST_NODES = 100

/** Ids are read once a call, however many types they are of. */
const read = new WeakMap<Arguments, readonly GlobalId[]>()

function idsOf(args: Arguments): readonly GlobalId[] {
  const known = read.get(args)
  if (known !== undefined) return known
  const texts = args['ids'] as readonly string[]
  if (texts.length > MOST_NODES) throw badInput(`At most ${String(MOST_NODES)} ids can be given.`)
  const ids = texts.map(readAny)
  read.set(args, ids)
  return ids
}

const typesOf = (args: Arguments) => [...new Set(idsOf(args).map(({ type }) => type))].toSorted()

const placesOf = (args: Arguments, name: NodeType) =>
  idsOf(args).flatMap((id, n) => (id.type === name ? [[id, n] as const] : []))

function readAny(id: string): GlobalId {
  const parsed = parseGlobalId(id)
  if (parsed === null) throw badInput(`${JSON.stringify(id.slice(0, 80))} is not an id.`)
  return parsed
}
