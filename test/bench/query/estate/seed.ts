import { Client } from 'pg'
import { functions } from './functions.ts'
import { FACTS_PER_GRANT, grants } from './grants.ts'
import { inventory } from './inventory.ts'

const ACCOUNTS = 20
/** The least that leaves none of the estate's kinds of machines out. */
export const LEAST_VMS = 50 * ACCOUNTS

/** What was put into a database. */
export interface Estate {
  readonly vms: number
  readonly grants: number
  readonly activities: number
  /** Accounts the viewer may read, half of all; the others are there to be kept away. */
  readonly accountIds: readonly string[]
}

/**
 * Fills a migrated, empty database with `vms` machines and what belongs to them, by statements over whole sets, and lets
 * `viewerId` read half of the accounts. Every constraint and trigger of the product holds; the same seed draws the same.
 */
export async function seedEstate(
  url: string,
  options: { vms: number; seed: number; viewerId: string },
): Promise<Estate> {
  const { vms, seed, viewerId } = options
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(functions(seed))
    await client.query(`set work_mem = '256MB'; set maintenance_work_mem = '256MB'`)
    for (const statement of [...inventory(vms, ACCOUNTS), ...grants(vms, seed)]) await client.query(statement)
    const { rows } = await client.query<{ id: string }>(`select id from accounts order by name limit $1`, [
      ACCOUNTS / 2,
    ])
    const accountIds = rows.map(({ id }) => id)
    await client.query(
      `insert into role_assignments (id, principal_kind, principal_id, role, scope, assigned_at, assigned_by_id)
       select md5('role:' || a)::uuid, 'USER', $1, 'READER', '/subscriptions/' || a, '2026-01-01Z', 'ada'
       from unnest($2::text[]) a`,
      [viewerId, accountIds],
    )
    // As a database that has been there for a while; nothing is left to do in the background while figures are taken.
    await client.query('vacuum (analyze)')
    await client.query('checkpoint')
    const counted = await client.query<{ vms: number; grants: number; activities: number }>(
      `select (select count(*) from virtual_machines)::int as vms, (select count(*) from grants)::int as grants,
         (select count(*) from activities)::int as activities`,
    )
    const counts = counted.rows[0] ?? { vms: 0, grants: 0, activities: 0 }
    if (counts.vms !== vms || counts.activities !== counts.grants * FACTS_PER_GRANT)
      throw new Error(`the estate is not what was asked for: ${JSON.stringify(counts)}`)
    return { ...counts, accountIds }
  } finally {
    await client.end()
  }
}
