import { execFile } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const folder = fileURLToPath(new URL('../peers/', import.meta.url))

/** Installs what the peers need by their own lock file, unless that was done since it changed. */
export async function installPeers(): Promise<void> {
  const changed = async (file: string) => (await stat(`${folder}${file}`).catch(() => null))?.mtimeMs ?? 0
  const [locked, installed] = [await changed('package-lock.json'), await changed('node_modules/.package-lock.json')]
  if (locked === 0) throw new Error('test/bench/peers has no package-lock.json')
  if (installed < locked) await promisify(execFile)('npm', ['ci'], { cwd: folder })
}
