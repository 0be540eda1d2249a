import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What a running server says of itself in its `postmaster.pid`. */
export interface PostmasterFile {
  readonly pid: number
  readonly port: number
  /** Accepting connections now; otherwise starting, or stopping. */
  readonly ready: boolean
}

/** Reads the lock file of the cluster; null when there is none, or none that is complete yet. */
export async function readPostmasterFile(cluster: string): Promise<PostmasterFile | null> {
  const text = await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => '')
  // Lines: pid, data directory, start time, port, socket directory, address, shared memory key, status.
  const lines = text.split('\n')
  const pid = Number(lines[0])
  const port = Number(lines[3])
  if (!Number.isInteger(pid) || pid <= 0 || !Number.isInteger(port) || port <= 0) return null
  return { pid, port, ready: lines[7]?.trim() === 'ready' }
}
