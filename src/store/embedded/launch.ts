import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { Binaries } from './binaries.ts'
import type { Place } from './cluster.ts'
import { readPostmasterFile } from './postmaster-file.ts'
import { clusterAsSeen, runAs } from './run-as.ts'
import { removeStaleLock } from './stale-lock.ts'

const LOOK_EVERY_MS = 5

/** What the server says when something that passes stands in its way: another server, its remains, a port just taken. */
const PASSING = /lock file "postmaster\.pid"|pre-existing shared memory block|could not (bind|create any TCP)/

/**
 * Starts a server on the cluster and answers its port when it accepts connections. Null when something that passes
 * stood in the way; fails, with what the server said, when it ended for another reason.
 *
 * The server is a process of its own, with a file for its output: it must outlive a gateway that is killed.
 */
export async function launch(
  place: Place,
  binaries: Binaries,
  settings: Readonly<Record<string, string>>,
): Promise<number | null> {
  const port = await freePort()
  const flags = Object.entries({ ...defaults, ...settings, port: String(port) })
  const log = await open(place.logFile, 'a', 0o600)
  const { size: logged } = await log.stat()
  const server = spawn(
    binaries.postgres,
    ['-D', clusterAsSeen(place.cluster), ...flags.flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    { cwd: place.cluster, detached: true, windowsHide: true, stdio: ['ignore', log.fd, log.fd], ...runAs },
  )
  try {
    await once(server, 'spawn')
  } finally {
    await log.close()
  }
  server.unref()
  while (server.exitCode === null && server.signalCode === null) {
    const file = await readPostmasterFile(place.cluster)
    if (file?.pid === server.pid && file?.ready) return port
    await delay(LOOK_EVERY_MS)
  }
  const said = (await readFile(place.logFile)).subarray(logged).toString()
  if (PASSING.test(said)) {
    await removeStaleLock(place.cluster)
    return null
  }
  throw new Error(`Postgres ended at once in ${place.cluster}: ${said.trim()}`)
}

const defaults = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_checkpoints: 'off',
  // What the server itself has to say; a statement that failed is its caller's to report, and may hold secrets.
  log_min_messages: 'log',
  // Every statement of ours is short: compiling one costs more than running it.
  jit: 'off',
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  if (address === null || typeof address === 'string') throw new Error('no free port on loopback')
  return address.port
}
