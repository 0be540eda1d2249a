import { median } from '../support/median.ts'
import { ratePhase } from './phases.ts'
import { quantile } from './quantile.ts'
import type { Contestant } from './server.ts'
import type { FanoutSettings } from './settings.ts'
import { numbering, openStage } from './stage.ts'
import { rssKb } from '../support/usage.ts'

const SAMPLE_MS = 10_000
const SAMPLES_PER_MINUTE = 60_000 / SAMPLE_MS

/** Events by the clock for a long time, while some do not read and come again whenever they are cut off. */
export async function soak(
  contestant: Contestant,
  settings: FanoutSettings,
  say: (text: string) => void,
): Promise<object> {
  const { subscribers, minutes, rate, stalledShare } = settings
  await using played = new AsyncDisposableStack()
  const stage = await openStage(contestant, subscribers, numbering())
  played.defer(() => stage.stop())
  const stalled = Math.round(subscribers * stalledShare)
  if (stalled > 0) stage.load.stall(stalled, true)

  const samples: number[] = []
  const sample = () => {
    samples.push(rssKb(stage.server.pid) / 1_024)
    say(`${String(samples.length * (SAMPLE_MS / 1_000))} s: ${Math.round(samples.at(-1) ?? 0)} MB`)
  }
  const sampling = setInterval(sample, SAMPLE_MS)
  const figures = await ratePhase(stage, rate, minutes * 60).finally(() => clearInterval(sampling))
  stage.load.readOn()
  const { lost, doubled, disordered, foreign, cutOff } = await stage.verdicts()
  return {
    bench: 'fanout',
    subscribers,
    minutes,
    stalled,
    cutOff,
    p50Ms: quantile(figures, 50),
    p99Ms: quantile(figures, 99),
    rssFirstMinuteMb: Math.round(median(samples.slice(0, SAMPLES_PER_MINUTE))),
    rssLastMinuteMb: Math.round(median(samples.slice(-SAMPLES_PER_MINUTE))),
    lost,
    doubled,
    disordered,
    foreign,
    missing: figures.missing,
  }
}
