import { readFileSync } from 'node:fs'
import type { Pool } from 'pg'
import { ask } from './ask.ts'
import { cursorsOf } from './cursors.ts'
import type { Contestant } from './contestant.ts'
import { documentIn, type DocumentName, type Place } from './documents.ts'
import type { Places } from './places.ts'
import { ofPostgraphile } from './postgraphile-shape.ts'
import type { Json } from './shape.ts'

const folder = new URL('../peers/query/documents/', import.meta.url)

/** Puts into the database what PostGraphile needs; answers the address that it is to come in by. */
export async function preparePostgraphile(
  { url, accountIds }: { readonly url: string; readonly accountIds: readonly string[] },
  pool: Pool,
): Promise<string> {
  await pool.query(readFileSync(new URL('../peers/query/postgraphile.sql', import.meta.url), 'utf8'))
  await pool.query(`alter role bench_viewer set bench.accounts = '${accountIds.join()}'`)
  const own = new URL(url)
  ;[own.username, own.password] = ['bench_viewer', 'bench']
  return own.href
}

const page = '{ pageInfo { hasNextPage endCursor } edges { cursor node { rowId } } }'
const machines = `query ($after: Cursor) {
  allVirtualMachines(first: 1000, after: $after, orderBy: [NAME_ASC, ROW_ID_ASC]) ${page} }`
const grants = `query ($after: Cursor, $state: GrantState!) {
  allGrants(first: 1000, after: $after, condition: { state: $state }, orderBy: [ROW_ID_DESC]) ${page} }`

/** PostGraphile: its schema is that of the tables, so that it has documents of its own. */
export async function postgraphile(port: number, places: Places): Promise<Omit<Contestant, 'pid' | 'port'>> {
  const cursors = await cursorsOf(places, async (state, after) => {
    const data = await ask(port, {}, state === undefined ? machines : grants, { after, state })
    const list = data.allVirtualMachines ?? data.allGrants
    return { ...list, edges: list.edges.map(({ cursor, node }: Json) => ({ cursor, id: node.rowId })) }
  })
  const variables = ({ id, state, after }: Place) => ({
    ...(id === undefined ? {} : { id }),
    ...(state === undefined ? {} : { state }),
    ...(after === undefined || after === null ? {} : { after: cursors(state, after) }),
  })
  return {
    name: 'postgraphile',
    registered: false,
    call: (name: DocumentName, place) => ({
      path: '/graphql',
      headers: {},
      body: JSON.stringify({ query: documentIn(folder, name), variables: variables(place) }),
    }),
    shaped: ofPostgraphile,
  }
}
