import { parse } from 'graphql'
import { Client } from 'pg'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Viewer } from '../../src/access/viewer.ts'
import { globalId } from '../../src/graphql/global-id.ts'
import { createOperationPlans } from '../../src/graphql/read/operation-plans.ts'
import type { Store } from '../../src/store/store.ts'
import { functions } from '../bench/query/estate/functions.ts'
import { inventory } from '../bench/query/estate/inventory.ts'
import { useDatabase } from '../support/database.ts'
import { schema } from './support/ask.ts'
import { person } from './support/context.ts'

const [MACHINES, ACCOUNTS, EXPOSED] = [15_000, 20, 50]
const database = useDatabase()
let accountIds: string[] = []

beforeAll(async () => {
  const client = new Client({ connectionString: database.url })
  await client.connect()
  await client.query(functions(1))
  for (const statement of inventory(MACHINES, ACCOUNTS)) await client.query(statement)
  await client.query(
    `insert into reported_exposures (vm_id, port, protocol, guarded, found_at)
     select id, 22, 'TCP', true, gateway_now() from virtual_machines where jit_status = 'CONFIGURED'
     order by md5(id) limit $1`,
    [EXPOSED],
  )
  await client.query('vacuum (analyze)')
  accountIds = (await client.query<{ id: string }>('select id from accounts order by name')).rows.map(({ id }) => id)
  await client.end()
}, 120_000)

const page = `query ($filter: VirtualMachineFilter) { virtualMachines(first: 20, filter: $filter) {
  pageInfo { hasNextPage endCursor } nodes { id name jitStatus } } }`
const counts = `query ($filter: VirtualMachineFilter) { virtualMachineCounts(filter: $filter) {
  configured notConfigured unsupported } }`

/** The statement that answers a document, and its values. */
async function statementOf(document: string, filter: object, viewer: Viewer) {
  let asked: { readonly text: string; readonly values: readonly unknown[] } | undefined
  const query = (statement: typeof asked) => {
    asked = statement
    return Promise.resolve({ rows: [['', '']] })
  }
  const plans = createOperationPlans(schema, (text) => parse(text))
  await plans.answer({ document, operationName: null, variables: { filter } }, viewer, {
    pool: { query },
  } as unknown as Store)
  if (asked === undefined) throw new Error('nothing was asked')
  return asked
}

interface Node {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Index Name'?: string
  readonly 'Actual Rows': number
  readonly 'Actual Loops': number
  readonly 'Rows Removed by Filter'?: number
  readonly 'Rows Removed by Index Recheck'?: number
  readonly Plans?: readonly Node[]
}

/** How Postgres runs it: planned for whatever values, as a prepared statement is, and for these. */
async function run(document: string, filter: object, viewer: Viewer) {
  const { text, values } = await statementOf(document, filter, viewer)
  const client = new Client({ connectionString: database.url })
  await client.connect()
  const literal = (value: unknown) =>
    value === null
      ? 'null'
      : client.escapeLiteral(
          Array.isArray(value) ? `{${value.map((one) => JSON.stringify(one)).join(',')}}` : `${value as string}`,
        )
  const runs = []
  for (const mode of ['force_generic_plan', 'force_custom_plan']) {
    await client.query(`set plan_cache_mode = ${mode}; prepare asked as ${text}`)
    const execute = `explain (analyze, format json) execute asked(${values.map(literal).join(', ')})`
    const { rows } = await client.query<{ 'QUERY PLAN': { Plan: Node }[] }>(
      values.length === 0 ? execute.replace('()', '') : execute,
    )
    await client.query('deallocate asked')
    const nodes: Node[] = []
    const walk = (node: Node) => {
      nodes.push(node)
      node.Plans?.forEach(walk)
    }
    walk((rows[0] as { 'QUERY PLAN': { Plan: Node }[] })['QUERY PLAN'][0]?.Plan as Node)
    const machines = nodes.filter((node) => node['Relation Name'] === 'virtual_machines')
    runs.push({
      tables: nodes.flatMap((node) => node['Relation Name'] ?? []),
      indexes: nodes.flatMap((node) => node['Index Name'] ?? []),
      ways: new Set(machines.map((node) => node['Node Type'])),
      /** Machines that were looked at. */
      read: machines
        .map(
          (node) =>
            (node['Actual Rows'] +
              (node['Rows Removed by Filter'] ?? 0) +
              (node['Rows Removed by Index Recheck'] ?? 0)) *
            node['Actual Loops'],
        )
        .reduce((sum, rows_) => sum + rows_, 0),
    })
  }
  await client.end()
  return runs
}

/** Few are of a status: in the order of names, or to be put in order. */
const BY_STATUS = /virtual_machines_(?:jit_status|counted)/

const ada = person('ada', 'POLICY_ADMIN')
const half = (): Viewer => ({
  ...person('rita', null),
  rolesHeld: accountIds.slice(0, ACCOUNTS / 2).map((id) => ({ role: 'READER', scope: `/subscriptions/${id}` })),
})
const viewers: [string, () => Viewer][] = [
  ['who sees everything', () => ada],
  ['who sees half of the accounts', half],
]

describe.each(viewers)(`of ${String(MACHINES)} machines, for %s`, (_who, viewer) => {
  it.each([
    ['without a filter', {}, 'virtual_machines_name', 150],
    ['of a status', { jitStatus: ['NOT_CONFIGURED'] }, BY_STATUS, 250],
    ['of a status and a system', { jitStatus: ['UNSUPPORTED'], os: ['WINDOWS'] }, BY_STATUS, 250],
    ['of a resource group', { resourceGroup: 'RG-0007' }, 'virtual_machines_group_name', 501],
    ['with a part of the name', { search: '-012345' }, 'virtual_machines_search', 60],
    ['with an address', { search: '10.0.7.77' }, 'virtual_machines_search', 250],
    ['that nobody has', { search: 'zzzzzz' }, 'virtual_machines_search', 0],
    ['with a beginning of the name', { search: 'qu' }, 'virtual_machines_name_beginning', MACHINES / 6],
    ['with a tag', { tags: [{ name: 'OWNER', value: 'team-7' }] }, 'virtual_machines_tags', MACHINES / 30],
    ['with a tag that nobody has', { tags: [{ name: 'owner', value: 'nobody' }] }, 'virtual_machines_tags', 0],
    ['that are exposed', { exposed: true }, 'virtual_machines_pkey', 2 * EXPOSED],
    ['that are unsupported for a reason', { unsupportedReasons: ['CLASSIC'] }, BY_STATUS, MACHINES / 90],
  ] as const)('a page %s is led to by an index, and reads little else', async (_what, filter, index, most) => {
    for (const { indexes, ways, read } of await run(page, filter, viewer())) {
      expect(indexes.join(' ')).toMatch(index)
      expect(ways).not.toContain('Seq Scan')
      expect(read).toBeLessThanOrEqual(most)
    }
  })

  it.each([
    ['of all', {}],
    ['of all that are there, beside the list of a status', { jitStatus: ['UNSUPPORTED'], includeGone: false }],
    ['of an account', { accounts: [0] }],
  ] as const)('the counts by status %s look at no machine', async (_what, filter) => {
    const accounts = 'accounts' in filter ? { accounts: [globalId('Account', accountIds[0] ?? '')] } : {}
    for (const { tables } of await run(counts, { ...filter, ...accounts }, viewer()))
      expect(tables).toEqual(['machine_tallies', 'role_versions'])
  })

  it('the counts by status of a system are read from an index alone', async () => {
    for (const { indexes, ways, read } of await run(counts, { os: ['WINDOWS'] }, viewer())) {
      expect(indexes).toEqual(['virtual_machines_counted'])
      expect(ways).toEqual(new Set(['Index Only Scan']))
      expect(read).toBeLessThanOrEqual(MACHINES)
    }
  })

  it.each([
    ['with a part of the name', { search: '-012345' }, 'virtual_machines_search', 60],
    ['with a tag', { tags: [{ name: 'owner', value: 'team-7' }] }, 'virtual_machines_tags', MACHINES / 30],
    ['that are exposed', { exposed: true }, 'virtual_machines_pkey', 2 * EXPOSED],
  ] as const)('the counts by status of machines %s read those only', async (_what, filter, index, most) => {
    for (const { indexes, read } of await run(counts, filter, viewer())) {
      expect(indexes).toContain(index)
      expect(read).toBeLessThanOrEqual(most)
    }
  })
})
