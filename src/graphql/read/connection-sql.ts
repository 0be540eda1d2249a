import { badInput } from '../bad-input.ts'
import { columnKey, rowJson } from './compile.ts'
import type { Connection, FilterValue, Order } from './description.ts'
import { cursorSql, parseCursorOf } from './order.ts'
import { pageSize } from './page-size.ts'
import type { Parameters } from './parameters.ts'
import { entityNamed } from './registry.ts'
import type { Selected } from './selection.ts'

/**
 * An SQL expression for one page of a connection, as JSON of what is selected of it. One row more than the page is read
 * only when `pageInfo` asks whether there are more, and rows are counted only when `totalCount` is selected.
 */
export function connectionSql(parameters: Parameters, field: Connection, row: string, node: Selected): string {
  const entity = entityNamed(field.of)
  const selected = node.types.get(`${field.of}Connection`)?.fields ?? []
  const order = orderOf(field, node)
  const t = parameters.alias()
  const { index } = node
  const wanted = [
    field.on(row, t, parameters),
    entity.authorisation.where(t, parameters),
    ...(field.filter?.where(t, filterValue(parameters, node), parameters) ?? []),
  ].join(' and ')

  const counted = `(select count(*) from ${entity.table} ${t} where ${wanted})`
  // A parameter that the text does not name is refused by Postgres: a count alone must not bind those of a page.
  if (selected.every(({ name }) => name === 'totalCount'))
    return `(select row_to_json(c) from (select ${selected.map(({ key }) => `${counted} as "${columnKey(key)}"`).join(', ')}) c)`

  const backward = node.arguments['last'] !== undefined && node.arguments['last'] !== null
  const peeks = selected.some(({ name }) => name === 'pageInfo')
  const numbered = peeks || backward
  const size = parameters.bind(({ selected: all }) => pageSize(argumentsAt(all, index)), 'int')
  const bounds = (['after', 'before'] as const).map((name) => bound(parameters, order, t, node, name))
  const [after, before] = bounds
  const keys = order.keys
    .map(({ sql }) => `${sql(t)} ${(order.direction === 'asc') !== backward ? 'asc' : 'desc'}`)
    .join(', ')
  const page = `(select ${t}.*${numbered ? `, row_number() over (order by ${keys}) as "@n"` : ''} from ${entity.table} ${t}
    where ${[wanted, ...bounds.flatMap((one) => (one === undefined ? [] : [one.beyond]))].join(' and ')}
    order by ${keys} limit ${size}${peeks ? ' + 1' : ''}) ${t}`

  const columns: string[] = numbered ? [`${t}."@n"`] : []
  const within = peeks ? `p."@n" <= ${size}` : 'true'
  const gathered = (json: string) => {
    const name = `"@${String(columns.length)}"`
    columns.push(`${peeks ? `case when ${t}."@n" <= ${size} then ${json} end` : json} as ${name}`)
    return `coalesce(json_agg(p.${name}${backward ? ' order by p."@n" desc' : ''}) filter (where ${within}), '[]'::json)`
  }
  const info = (part: Selected) => {
    if (part.name === 'hasNextPage') return backward ? exists(before) : `count(*) > ${size}`
    if (part.name === 'hasPreviousPage') return backward ? `count(*) > ${size}` : exists(after)
    const first = (part.name === 'startCursor') !== backward
    return `(array_agg(p."@c" order by p."@n" ${first ? 'asc' : 'desc'}) filter (where ${within}))[1]`
  }
  const exists = (one: Bound | undefined) =>
    one === undefined ? 'false' : `exists (select 1 from ${entity.table} ${t} where ${wanted} and ${one.upTo})`

  const answers = selected.map((part) => {
    const key = `as "${columnKey(part.key)}"`
    if (part.name === 'totalCount') return `${counted} ${key}`
    if (part.name === 'nodes') return `${gathered(rowJson(parameters, entity, t, part))} ${key}`
    const fields = [...part.types.values()][0]?.fields ?? []
    if (part.name === 'edges') {
      const edge = fields.map((one) => [
        one,
        one.name === 'cursor' ? cursorSql(order, t) : rowJson(parameters, entity, t, one),
      ])
      return `${gathered(object(edge as [Selected, string][]))} ${key}`
    }
    return `${object(fields.map((one) => [one, info(one)]))} ${key}`
  })
  if (peeks) columns.push(`${cursorSql(order, t)} as "@c"`)
  return `(select row_to_json(c) from (select ${answers.join(', ')} from (select ${columns.join(', ')} from ${page}) p) c)`
}

interface Bound {
  /** Rows on the page's side of the cursor. */
  readonly beyond: string
  /** Rows on its other side, its own included. */
  readonly upTo: string
}

function bound(
  parameters: Parameters,
  order: Order,
  row: string,
  node: Selected,
  name: 'after' | 'before',
): Bound | undefined {
  const given = node.arguments[name]
  if (given === undefined || given === null) return undefined
  const { index } = node
  const keys = order.keys.map(({ sql }) => sql(row)).join(', ')
  const values = order.keys.map(({ type }, place) =>
    parameters.bind(
      ({ selected }) => parseCursorOf(order, argumentsAt(selected, index)[name] as string)[place],
      type === 'text' ? 'text' : `text::${type}`,
    ),
  )
  const forward = (name === 'after') === (order.direction === 'asc')
  return {
    beyond: `(${keys}) ${forward ? '>' : '<'} (${values.join(', ')})`,
    upTo: `(${keys}) ${forward ? '<=' : '>='} (${values.join(', ')})`,
  }
}

function orderOf(field: Connection, node: Selected): Order {
  return field.orders.find(({ name }) => name === node.arguments['orderBy']) ?? field.orders[0]
}

function filterValue(parameters: Parameters, node: Selected): FilterValue {
  const { index } = node
  const given = (node.arguments['filter'] ?? {}) as Record<string, unknown>
  return {
    shape: (name) => (given[name] ?? undefined) as string | boolean | undefined,
    bind(name, type, convert = (value) => value) {
      if (given[name] === undefined || given[name] === null) return undefined
      return parameters.bind(({ selected }) => {
        const filter = argumentsAt(selected, index)['filter'] as Record<string, unknown>
        return convert(filter[name] as never)
      }, type)
    },
  }
}

function argumentsAt(selected: readonly Selected[], index: number): Selected['arguments'] {
  const node = selected[index]
  if (node === undefined) throw badInput('The selection has no such field.')
  return node.arguments
}

function object(fields: readonly (readonly [Selected, string])[]): string {
  return `json_build_object(${fields.map(([{ key }, sql]) => `'${columnKey(key)}', ${sql}`).join(', ')})`
}
