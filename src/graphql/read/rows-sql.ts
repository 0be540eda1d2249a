import type { Order, Source } from './description.ts'
import type { Parameters } from './parameters.ts'

/** Rows of a table that are wanted. */
export interface RowsWanted {
  readonly table: string
  /** The alias that `matching` knows a row by. */
  readonly row: string
  readonly matching: string
  readonly order: Order
  /** The keys of the order as SQL orders by them, in either direction. */
  readonly keys: string
  readonly sources: readonly Source[] | null
  /** Whether what matches is found first and put in order then, as `Filter.gathers` has it. */
  readonly gathers?: boolean
  readonly limit: number
}

/**
 * The first rows that match, in their order. The limit is for the planner too: of a parameter it would think that it lets
 * a tenth of the table through.
 */
export function rowsSql(parameters: Parameters, wanted: RowsWanted): string {
  const { table, row, matching, order, keys, sources, gathers, limit } = wanted
  const limited = `order by ${keys} limit ${String(limit)}`
  const where = (condition: string) => {
    const rows = `from ${table} ${row} where ${condition}`
    // What has an offset is worked out by itself.
    return `select ${row}.* ${gathers === true ? `from (select ${row}.* ${rows} offset 0) ${row}` : rows} ${limited}`
  }
  if (sources === null) return where(matching)
  const read = sources.map((source) => {
    if ('when' in source) return `(${where(`${source.when} and ${matching}`)})`
    const each = parameters.alias()
    const ofOne = where(`${row}.${source.column} = ${each}.value and ${matching}`)
    return `select ${row}.* from unnest(${source.values}) ${each}(value) cross join lateral (${ofOne}) ${row}`
  })
  const distinct = order.keys.map(({ sql }) => sql(row))
  return `select distinct on (${distinct.join(', ')}) ${row}.* from (${read.join(' union all ')}) ${row} ${limited}`
}
