import type { Pool } from 'pg'
import type { DocumentName, Place, Row } from './documents.ts'

/** How far into the grants of a state pages are read: as far as anybody pages by hand, and further. */
const DEEPEST_GRANT = 5_000

/** What each document is asked about: the same for every server, drawn by the seed from what the viewer may see. */
export type Places = Readonly<Record<DocumentName, readonly Place[]>>

export async function drawPlaces(
  pool: Pool,
  options: { accountIds: readonly string[]; places: number; seed: number },
): Promise<Places> {
  const { accountIds, places, seed } = options
  const rows = async (rowsSql: string) => {
    const { rows: found } = await pool.query<Row>(
      `select id, name from (${rowsSql}) r order by md5($2 || ':' || id) limit $3`,
      [accountIds, String(seed), places],
    )
    if (found.length === 0) throw new Error('there is nothing to ask about')
    return found
  }
  // A page begins after a row that has a whole page behind it, so that every answer is as long in any estate.
  const grantsOf = async (state: 'ACTIVE' | 'CLOSED') => {
    const after = await rows(
      `select id::text, '' as name, row_number() over (order by id desc) as place, count(*) over () as total
       from grants where account_id = any($1) and state = '${state}' order by id desc limit ${String(DEEPEST_GRANT)}`,
    )
    return [null, ...after].map((row) => ({ state, after: row }))
  }
  const machines = await rows(
    `select id, name from (select id, name, row_number() over (order by name desc, id desc) as behind
       from virtual_machines where account_id = any($1)) m where behind > 50`,
  )
  const busy = await rows(
    `select vm_id as id, '' as name from grants where account_id = any($1) group by vm_id having count(*) >= 4`,
  )
  const [active, closed] = [await grantsOf('ACTIVE'), await grantsOf('CLOSED')]
  const accounts = await rows(`select id, name from accounts where id = any($1)`)
  return {
    'virtual-machine-page': [null, ...machines].slice(0, places).map((after) => ({ after })),
    'virtual-machine-activity': busy.map(({ id }) => ({ id })),
    'grant-page': active.flatMap((place, index) => [place, closed[index] ?? place]).slice(0, places),
    'jit-status-counts': accounts.map(({ id }) => ({ id })),
  }
}
