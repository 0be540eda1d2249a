import { readdirSync, readFileSync } from 'node:fs'
import type { Pool } from 'pg'
import { cpuUs } from '../support/usage.ts'

const parentOf = (pid: number): number => {
  const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
}

/** The process that all others of a Postgres server are children of. */
export async function postmasterOf(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ pid: number }>('select pg_backend_pid() as pid')
  return parentOf(rows[0]?.pid ?? 0)
}

/** CPU time that each living process of a Postgres server has used so far, in microseconds, by its id. */
export function postgresCpuUs(postmaster: number): ReadonlyMap<number, number> {
  const used = new Map([[postmaster, cpuUs(postmaster)]])
  for (const entry of readdirSync('/proc'))
    if (/^\d+$/.test(entry))
      try {
        if (parentOf(Number(entry)) === postmaster) used.set(Number(entry), cpuUs(Number(entry)))
      } catch {
        // It ended meanwhile.
      }
  return used
}

/** What was used in between: those that ended meanwhile had nothing to do. */
export function usedBetween(before: ReadonlyMap<number, number>, after: ReadonlyMap<number, number>): number {
  return [...after].reduce((sum, [pid, used]) => sum + used - (before.get(pid) ?? 0), 0)
}
