import { execFile } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { findBinaries } from './binaries.ts'
import type { Place } from './cluster.ts'
import { readPostmasterFile } from './postmaster-file.ts'

const LOOK_EVERY_MS = 5
/** A fast shutdown writes a checkpoint; it takes milliseconds unless the disk is in trouble. */
const PATIENCE_MS = 30_000

/** Ends the server of the cluster: open transactions are rolled back, everything committed is on disk. */
export async function stopServer(place: Place): Promise<void> {
  const running = await readPostmasterFile(place.cluster)
  if (running === null) return
  if (process.platform === 'win32') {
    // There are no signals on Windows; Postgres brings its own.
    const { pgCtl } = await findBinaries(place.home)
    await promisify(execFile)(pgCtl, ['stop', '-D', place.cluster, '-m', 'fast', '-w'])
    return
  }
  process.kill(running.pid, 'SIGINT')
  const deadline = Date.now() + PATIENCE_MS
  // The file goes last. The process may be seen longer: as a zombie, where nobody collects an orphan's exit.
  while ((await readPostmasterFile(place.cluster))?.pid === running.pid) {
    if (Date.now() > deadline) throw new Error(`Postgres (process ${running.pid}) does not end in ${place.cluster}`)
    await delay(LOOK_EVERY_MS)
  }
}
