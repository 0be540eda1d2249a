import { mkdir } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import type { Log } from '../../log/log.ts'
import { findBinaries, removeCopy } from './binaries.ts'
import { ensureCluster, placeIn, readPassword, SUPERUSER, type Place } from './cluster.ts'
import { launch } from './launch.ts'
import { readPostmasterFile } from './postmaster-file.ts'
import { takePart, type Part } from './part.ts'
import { stopServer } from './stop.ts'

/** A Postgres server of our own on loopback. */
export interface EmbeddedPostgres {
  /** Of its maintenance database, which serves as the gateway's. */
  readonly url: string
  /** Ends the server, fast and cleanly, unless another process still takes part in it. */
  stop(): Promise<void>
}

/** How long a server that is ending, or whose remains are, may stand in the way of ours. */
const PATIENCE_MS = 30_000
const RETRY_MS = 50

/**
 * Starts the Postgres of `dataDir`, making it first when there is none, or joins the one already running there: it
 * outlives a gateway that is killed, and several gateways may share it. The server listens on loopback only, on a port
 * of its own choice, with a random password. `settings` are server settings over the defaults.
 */
export async function startEmbeddedPostgres(options: {
  readonly dataDir: string
  readonly log: Log
  readonly settings?: Readonly<Record<string, string>>
}): Promise<EmbeddedPostgres> {
  const place = placeIn(options.dataDir)
  await mkdir(place.home, { recursive: true })
  const deadline = Date.now() + PATIENCE_MS
  for (;;) {
    const part = (await join(place, options.log)) ?? (await begin(place, options))
    if (part !== null) return { url: part.url, stop: () => leave(place, part) }
    if (Date.now() > deadline)
      throw new Error(`something stands in the way of Postgres in ${place.cluster}: see ${place.logFile}`)
    await delay(RETRY_MS)
  }
}

/** Takes part in the server that runs there; null when none does, or it is starting or ending. */
async function join(place: Place, log: Log): Promise<Part | null> {
  const [running, password] = [await readPostmasterFile(place.cluster), await readPassword(place)]
  if (running === null || !running.ready || password === null) return null
  return takePart(urlOf(running.port, password), log)
}

/** Starts a server; null when another stands in the way, which may end or turn out to be one to join. */
async function begin(
  place: Place,
  options: { readonly log: Log; readonly settings?: Readonly<Record<string, string>> },
): Promise<Part | null> {
  const binaries = await findBinaries(place.home)
  const password = await ensureCluster(place, binaries)
  const port = await launch(place, binaries, options.settings ?? {})
  return port === null ? null : takePart(urlOf(port, password), options.log)
}

const urlOf = (port: number, password: string) => `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/postgres`

async function leave(place: Place, part: Part): Promise<void> {
  const last = await part.leave()
  if (!last) return
  await stopServer(place)
  await removeCopy(place.home)
}
