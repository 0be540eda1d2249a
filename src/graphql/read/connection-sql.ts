import { fromSql, rowJson } from './compile.ts'
import type { Connection, FilterValue, Order, Source } from './description.ts'
import { filterOf } from './filter-value.ts'
import type { Column } from './form.ts'
import { cursorSql, parseCursorOf } from './order.ts'
import { LARGEST_PAGE, pageSize } from './page-size.ts'
import { argumentsAt, type Parameters } from './parameters.ts'
import { entityNamed } from './registry.ts'
import { rowsSql } from './rows-sql.ts'
import type { Selected } from './selection.ts'

/**
 * An SQL expression for one page of a connection, as JSON of what is selected of it. One row more than the page is read
 * only when `pageInfo` asks whether there are more, and rows are counted only when `totalCount` is selected.
 */
export function connectionSql(parameters: Parameters, field: Connection, row: string, node: Selected): string {
  const entity = entityNamed(field.of)
  const selected = shown(parameters, node.types.get(`${field.of}Connection`)?.fields ?? [])
  const { form } = parameters
  const column = (part: Selected, sql: string): Column => [form.key(part.key), sql]
  const leaf = (part: Selected, sql: string) => form.leaf(part.type, sql, true)
  const typeName = (type: string) => form.word(`${field.of}${type}`)
  // A parameter that the text does not name is refused by Postgres: what reads no rows must not bind those of rows, and
  // a count alone not those of a page.
  if (selected.every(({ name }) => name === '__typename'))
    return form.object(selected.map((part) => column(part, typeName('Connection'))))

  const order = orderOf(field, node)
  const t = parameters.alias()
  const { index } = node
  const wantedBy = (filter: FilterValue, sources: readonly Source[] | null = null) => {
    const seen = entity.authorisation.where(t, parameters)
    return [
      field.on(row, t, parameters),
      // What is found by its row or by sources is not found by who may see it. Postgres would think that to be few, and
      // read and sort all that there is of the row where an index has its last ones; of this it knows nothing.
      row === '' && sources === null ? seen : `coalesce(${seen}, false)`,
      ...(field.filter?.where(t, filter, parameters) ?? []),
    ].join(' and ')
  }
  const counted = () => `(select count(*) from ${entity.table} ${t} where ${wantedBy(filterOf(parameters, node))})`
  if (selected.every(({ name }) => name === 'totalCount' || name === '__typename'))
    return form.object(
      selected.map((part) => column(part, part.name === 'totalCount' ? leaf(part, counted()) : typeName('Connection'))),
    )

  const backward = node.arguments['last'] !== undefined && node.arguments['last'] !== null
  const peeks = selected.some(({ name }) => name === 'pageInfo')
  const numbered = peeks || backward
  const size = parameters.bind(({ selected: all }) => pageSize(argumentsAt(all, index)), 'int')
  const bounds = (['after', 'before'] as const).map((name) => bound(parameters, order, t, node, name))
  const [after, before] = bounds
  const keys = order.keys
    .map(({ sql }) => `${sql(t)} ${(order.direction === 'asc') !== backward ? 'asc' : 'desc'}`)
    .join(', ')
  const filter = filterOf(parameters, node, {
    below: (order.direction === 'asc' ? after : before) !== undefined,
    above: (order.direction === 'asc' ? before : after) !== undefined,
  })
  const sources = field.sources?.(filter, parameters) ?? null
  const matching = [
    wantedBy(filter, sources),
    ...bounds.flatMap((one) => (one === undefined ? [] : [one.beyond])),
  ].join(' and ')
  const rows = rowsSql(parameters, {
    table: entity.table,
    row: t,
    order,
    keys,
    matching,
    sources,
    gathers: field.filter?.gathers?.(filter) === true,
    limit: LARGEST_PAGE + 1,
  })
  const page = `(select ${t}.*${numbered ? `, row_number() over (order by ${keys}) as "@n"` : ''}
    from (${rows}) ${t} order by ${keys} limit ${size}${peeks ? ' + 1' : ''})`
  const reading = { row: t, joins: [] }

  // Three steps: what of each row is needed, what of all rows together, and what becomes of it.
  const ofRow: string[] = numbered ? [`${t}."@n"`] : []
  const ofAll: string[] = []
  const together = (sql: string) => `q."@${String(ofAll.push(`${sql} as "@${String(ofAll.length + 1)}"`))}"`
  const gathered = (json: string) => {
    const name = `"@${String(ofRow.length)}"`
    ofRow.push(`${peeks ? `case when ${t}."@n" <= ${size} then ${json} end` : json} as ${name}`)
    return together(form.gathered(`p.${name}`, backward ? `p."@n" desc` : undefined))
  }
  const more = () => together(`count(*) > ${size}`)
  const exists = (one: Bound | undefined) =>
    one === undefined
      ? 'false'
      : `exists (select 1 from ${entity.table} ${t} where ${wantedBy(filter)} and ${one.upTo})`
  /** A cursor is made of one row's keys when all rows are known: of each row it would cost as much as the row. */
  const cursorAt = (place: string) => {
    const keysAt = order.keys.map((_key, n) => together(`(array_agg(p."@k${String(n)}" order by p."@n"))[${place}]`))
    return `case when ${String(keysAt[0])} is not null then ${cursorSql(order, keysAt)} end`
  }
  const info = (part: Selected) => {
    if (part.name === '__typename') return form.word('PageInfo')
    if (part.name === 'hasNextPage') return leaf(part, backward ? exists(before) : more())
    if (part.name === 'hasPreviousPage') return leaf(part, backward ? more() : exists(after))
    const isNearest = (part.name === 'startCursor') !== backward
    return leaf(part, cursorAt(isNearest ? `case when ${size} > 0 then 1 end` : `least(count(*), ${size})`))
  }
  const edge = (part: Selected) => {
    if (part.name === '__typename') return typeName('Edge')
    if (part.name !== 'cursor') return rowJson(parameters, entity, reading, part)
    return leaf(
      part,
      cursorSql(
        order,
        order.keys.map(({ sql }) => sql(t)),
      ),
    )
  }
  const answers = selected.map((part) => {
    if (part.name === '__typename') return column(part, typeName('Connection'))
    if (part.name === 'totalCount') return column(part, leaf(part, counted()))
    if (part.name === 'nodes') return column(part, gathered(rowJson(parameters, entity, reading, part)))
    const fields = shown(parameters, [...part.types.values()][0]?.fields ?? [])
    const object = (sql: (one: Selected) => string) => form.object(fields.map((one) => column(one, sql(one))))
    return column(part, part.name === 'edges' ? gathered(object(edge)) : object(info))
  })
  if (peeks) ofRow.push(...order.keys.map(({ sql }, n) => `${sql(t)} as "@k${String(n)}"`))
  // What is no aggregate would be answered once a row.
  if (ofAll.length === 0) together('count(*)')
  const gathering = `select ${ofAll.join(', ')} from (select ${ofRow.join(', ')} from ${fromSql(page, reading)}) p`
  return `(select ${form.object(answers)} from (${gathering}) q)`
}

/** Names of types are part of an answer in text; resolvers know them without. */
function shown({ form }: Parameters, fields: readonly Selected[]): readonly Selected[] {
  return form.name === 'text' ? fields : fields.filter(({ name }) => name !== '__typename')
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
