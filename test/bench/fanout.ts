import { openStore } from '../../src/store/open.ts'
import { contestants } from './fanout/contestants.ts'
import { installPeers } from './support/install-peers.ts'
import { product } from './fanout/product.ts'
import { result } from './fanout/result.ts'
import { playRound, type RoundFigures } from './fanout/round.ts'
import { readSettings } from './fanout/settings.ts'
import { soak } from './fanout/soak.ts'
import { numbering } from './fanout/stage.ts'
import { tellRound } from './fanout/tell.ts'
import type { BenchFlags } from './run.ts'
import { useBenchDatabase } from './support/database.ts'

/** Connections for writers: as many as events are ever on their way. */
const WRITERS = 32

/**
 * Sends every event to `--subscribers` WebSockets that all asked for the same: `--rate` events a second for
 * `--seconds`, then as many as go, in `--rounds` rounds; beside the product a server that does nothing but write
 * frames (the limit), and with `--peers` what other libraries make of it. With `--stalled=K`, K subscribers then stop
 * reading. With `--minutes=M --stalledShare=S` it is a soak instead.
 */
export async function run(flags: BenchFlags): Promise<object> {
  const settings = readSettings(flags)
  const say = (text: string) => void process.stderr.write(`${text}\n`)
  if (settings.peers) await installPeers()

  await using started = new AsyncDisposableStack()
  const database = await useBenchDatabase()
  started.defer(() => database.stop())
  const store = await openStore(database.url, { connections: WRITERS })
  started.defer(() => store.close())
  if (settings.minutes > 0) return await soak(product(settings, store, database.url), settings, say)

  const all = contestants(settings, store, database.url)
  const next = numbering()
  const rounds: Record<string, RoundFigures>[] = []
  for (let round = 0; round < settings.rounds; round++) {
    const figures: Record<string, RoundFigures> = {}
    // Each in turn is the first, so that none always has the machine as another left it.
    for (const contestant of [...all.slice(round % all.length), ...all.slice(0, round % all.length)])
      try {
        figures[contestant.name] = await playRound(contestant, settings, next)
        say(tellRound(contestant.name, round + 1, figures[contestant.name] as RoundFigures))
      } catch (error) {
        // A peer that does not bear it has no figures; the product and the limit must.
        if (contestant.name === 'product' || contestant.name === 'limit') throw error
        say(`round ${String(round + 1)}, ${contestant.name}: ${String(error)}`)
      }
    rounds.push(figures)
  }
  return result(settings, rounds)
}
