import { useBenchDatabase } from '../support/database.ts'
import { agree, type Lengths } from './agree.ts'
import type { Contestant } from './contestant.ts'
import { seedEstate, type Estate } from './estate/seed.ts'
import { drawPlaces, type Places } from './places.ts'
import { postmasterOf } from './postgres-usage.ts'
import { startProduct, VIEWER } from './product.ts'
import { startLimit, startPeers } from './servers.ts'
import type { QuerySettings } from './settings.ts'

/** Servers side by side over one seeded estate, seen to answer the same. */
export interface Stage {
  readonly estate: Estate
  readonly contestants: readonly Contestant[]
  readonly places: Places
  readonly lengths: Lengths
  /** The Postgres that all of them ask. */
  readonly postmaster: number
  stop(): Promise<void>
}

export async function openStage(
  settings: QuerySettings,
  options: { readonly vms: number; readonly peers: boolean },
  say: (text: string) => void,
): Promise<Stage> {
  await using started = new AsyncDisposableStack()
  const database = await useBenchDatabase()
  started.defer(() => database.stop())
  const { url, store } = database
  const estate = await seedEstate(url, { vms: options.vms, seed: settings.seed, viewerId: VIEWER })
  say(`${String(estate.vms)} machines, ${String(estate.grants)} grants, ${String(estate.activities)} facts`)
  const places = await drawPlaces(store.pool, { ...settings, accountIds: estate.accountIds })

  const product = await startProduct(url, places)
  started.defer(() => product.stop())
  const data = { url, accountIds: estate.accountIds, places }
  const others = [await startLimit(data), ...(options.peers ? await startPeers(data, store.pool) : [])]
  for (const other of others) started.defer(() => other.stop())
  const contestants = [...product.contestants, ...others.map(({ contestant }) => contestant)]
  const lengths = await agree(contestants, places)
  say(`${String(contestants.length)} ways of asking say the same`)

  const postmaster = await postmasterOf(store.pool)
  const running = started.move()
  return { estate, contestants, places, lengths, postmaster, stop: () => running.disposeAsync() }
}
