import { readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { readPostmasterFile } from './postmaster-file.ts'

/**
 * Removes the lock file of a server that was killed when Postgres itself dares not: its process number now belongs to
 * another program (usual in containers, which count from one each time), or to a process whose exit nobody collected.
 * Only where Linux tells who a process is; elsewhere the file stays, as Postgres left it.
 */
export async function removeStaleLock(cluster: string): Promise<void> {
  const stale = await readPostmasterFile(cluster)
  if (stale === null || !(await isNoServer(stale.pid))) return
  // Taken aside first: another gateway may have removed the stale file and started a server meanwhile.
  const file = join(cluster, 'postmaster.pid')
  const aside = `${file}.${process.pid}`
  await rename(file, aside)
  const taken = Number.parseInt(await readFile(aside, 'utf8'), 10)
  if (taken === stale.pid) await rm(aside)
  else await rename(aside, file)
}

/** Whether there is a process of this number which surely is no Postgres that runs. */
async function isNoServer(pid: number): Promise<boolean> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  const [, name, state] = /\((.*)\) (\S)/s.exec(text) ?? []
  return name !== undefined && (name !== 'postgres' || state === 'Z')
}
