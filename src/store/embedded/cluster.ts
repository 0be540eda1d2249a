import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import type { Binaries } from './binaries.ts'
import { clusterAsSeen, handOver, runAs } from './run-as.ts'

const execute = promisify(execFile)

/** The one user of an embedded server. */
export const SUPERUSER = 'gateway'

/** Where an embedded server keeps everything. `home` is ours; `cluster` and the password are the server user's. */
export interface Place {
  readonly home: string
  readonly made: string
  readonly cluster: string
  readonly logFile: string
}

/** The layout below `dataDir`. */
export function placeIn(dataDir: string): Place {
  const home = resolve(dataDir, 'postgres')
  const made = join(home, 'server')
  return { home, made, cluster: join(made, 'cluster'), logFile: join(home, 'server.log') }
}

/** The superuser's password; null before the cluster was made. */
export async function readPassword(place: Place): Promise<string | null> {
  return readFile(join(place.made, 'password'), 'utf8').catch(() => null)
}

/**
 * Makes the cluster unless there is one, and answers its password. It is made aside and put in place whole by one
 * rename: a start that is killed leaves nothing half made, and of two at once the second takes what the first made.
 */
export async function ensureCluster(place: Place, binaries: Binaries): Promise<string> {
  const known = await readPassword(place)
  if (known !== null) return known
  await removeUnfinished(place)
  const making = await mkdtemp(join(place.home, MAKING))
  if (runAs !== null) await chmod(making, 0o711)
  await mkdir(join(making, 'cluster'), { mode: 0o700 })
  await handOver(join(making, 'cluster'))
  await writeFile(join(making, 'password'), randomBytes(24).toString('hex'), { mode: 0o600 })
  await handOver(join(making, 'password'))
  await initialise(join(making, 'cluster'), binaries)
  await rename(making, place.made).catch(async () => rm(making, { recursive: true, force: true }))
  const password = await readPassword(place)
  if (password === null) throw new Error(`${place.made} is in the way: it holds no database of ours`)
  return password
}

const MAKING = 'making-'
const ABANDONED_AFTER_MS = 120_000

async function removeUnfinished(place: Place): Promise<void> {
  for (const name of await readdir(place.home)) {
    if (!name.startsWith(MAKING)) continue
    const { mtimeMs } = await stat(join(place.home, name))
    if (mtimeMs < Date.now() - ABANDONED_AFTER_MS) await rm(join(place.home, name), { recursive: true, force: true })
  }
}

async function initialise(cluster: string, binaries: Binaries): Promise<void> {
  const where = ['-D', clusterAsSeen(cluster), '-U', SUPERUSER, '--pwfile=../password', '--auth=scram-sha-256']
  // Nothing is lost when the machine dies in the first second: without the sync it is ready in half the time.
  const how = ['--encoding=UTF8', '--locale=C', '--no-sync', '--no-instructions']
  try {
    await execute(binaries.initdb, [...where, ...how], { cwd: cluster, ...runAs })
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string }
    throw new Error(`initdb failed in ${cluster}: ${stderr.trim()}`, { cause: error })
  }
}
