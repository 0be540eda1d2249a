import { expect } from 'vitest'
import type { Viewer } from '../../../src/access/viewer.ts'
import type { OpenStore } from '../../../src/store/open.ts'
import { ask } from './ask.ts'

interface Plan {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Index Name'?: string
  readonly 'Actual Rows': number
  readonly 'Actual Loops': number
  readonly 'Rows Removed by Filter'?: number
  readonly Plans?: readonly Plan[]
}

/**
 * How many rows of `table` the one statement that answers `document` reads, by the index (named after the table) or
 * else the way they are read by.
 */
export async function rowsRead(
  store: OpenStore,
  table: string,
  viewer: Viewer,
  document: string,
  variables: object = {},
): Promise<Record<string, number>> {
  const asked: { readonly text: string; readonly values: readonly unknown[] }[] = []
  const query = ((statement: (typeof asked)[number]) => {
    asked.push(statement)
    return store.pool.query(statement as never)
  }) as never
  const { db } = store
  const pool = new Proxy(store.pool, {
    get: (target, name) => (name === 'query' ? query : Reflect.get(target, name, target)),
  })
  await ask({ pool, db }, viewer, document, variables)
  expect(asked).toHaveLength(1)
  const reads: Record<string, number> = {}
  for (const plan of await planOf(store, asked[0] as (typeof asked)[number])) {
    const index = plan['Index Name']
    const how = index ?? plan['Node Type']
    const rows = (plan['Actual Rows'] + (plan['Rows Removed by Filter'] ?? 0)) * plan['Actual Loops']
    const isOfTable = plan['Relation Name'] === table || index?.startsWith(`${table}_`) === true
    // What a bitmap names is read by the scans of indexes below it.
    if (isOfTable && how !== 'Bitmap Heap Scan' && rows > 0) reads[how] = (reads[how] ?? 0) + Math.round(rows)
  }
  return reads
}

/** The steps of the plan that a prepared statement has in the long run: one for any parameters, run with these. */
async function planOf(store: OpenStore, { text, values }: { text: string; values: readonly unknown[] }) {
  const client = await store.pool.connect()
  try {
    const literal = (value: unknown) =>
      client.escapeLiteral(
        Array.isArray(value)
          ? `{${value.map((one) => JSON.stringify(one)).join(',')}}`
          : value instanceof Date
            ? value.toISOString()
            : String(value),
      )
    const given = values.length === 0 ? '' : `(${values.map(literal).join(', ')})`
    await client.query('set plan_cache_mode = force_generic_plan')
    await client.query(`prepare asked as ${text}`)
    const { rows } = await client.query(`explain (analyze, format json) execute asked${given}`)
    const steps = [rows[0]['QUERY PLAN'][0].Plan as Plan]
    for (const step of steps) steps.push(...(step.Plans ?? []))
    return steps
  } finally {
    client.release(true)
  }
}
