import { installPeers } from './support/install-peers.ts'
import { documentFigures, table } from './query/result.ts'
import { playRound, type Shot } from './query/rounds.ts'
import { readSettings } from './query/settings.ts'
import { openStage } from './query/stage.ts'
import type { BenchFlags } from './run.ts'

/**
 * Asks for `--vms` machines' worth of data: the gateway by the text of a document and by the hash of a registered one,
 * beside a server that sends what one statement answers (the limit), and with `--peers` what other libraries make of
 * the same. Every document for `--seconds` in each of `--rounds` rounds, over 32 connections. With `--compare=N` the
 * gateway is asked the same over a second estate of N machines.
 */
export async function run(flags: BenchFlags): Promise<object> {
  const settings = readSettings(flags)
  const say = (text: string) => void process.stderr.write(`${text}\n`)
  if (settings.peers) await installPeers()

  await using started = new AsyncDisposableStack()
  const stage = await openStage(settings, { vms: settings.vms, peers: settings.peers }, say)
  started.defer(() => stage.stop())
  const small =
    settings.compare === null ? null : await openStage(settings, { vms: settings.compare, peers: false }, say)
  if (small !== null) started.defer(() => small.stop())

  const rounds: (readonly Shot[])[] = []
  for (let round = 0; round < settings.rounds; round++) {
    rounds.push(await playRound(settings, stage, small, round))
    say(`round ${String(round + 1)} of ${String(settings.rounds)} is over`)
  }
  say(table(rounds))
  return { bench: 'query', vms: settings.vms, documents: documentFigures(rounds) }
}
