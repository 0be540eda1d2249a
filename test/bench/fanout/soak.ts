import { median } from '../support/median.ts'
import { ratePhase } from './phases.ts'
import { quantile } from './quantile.ts'
import type { Contestant } from './server.ts'
import type { FanoutSettings } from './settings.ts'
import { numbering, openStage } from './stage.ts'
import { liveMemory } from '../support/usage.ts'

const MINUTE_SECONDS = 60

/** What a minute of a soak showed. */
interface Minute {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly deliveries: number
  /** Median of samples. */
  readonly rssMb: number
  readonly missing: number
}

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

  const all: number[] = []
  const each: Minute[] = []
  for (let left = minutes; left > 0; left -= 1) {
    const figures = await ratePhase(stage, rate, Math.min(1, left) * MINUTE_SECONDS)
    for (const latency of figures.latenciesMs) all.push(latency)
    const minute = {
      p50Ms: quantile(figures, 50),
      p99Ms: quantile(figures, 99),
      deliveries: figures.latenciesMs.length * (subscribers - stalled),
      rssMb: Math.round(figures.rssKb / 1_024),
      missing: figures.missing,
    }
    each.push(minute)
    say(`minute ${String(each.length)}: ${JSON.stringify(minute)}`)
  }
  const afterwards = await liveMemory(stage.server.pid)
  stage.load.readOn()
  const { lost, doubled, disordered, foreign, cutOff } = await stage.verdicts()
  const mb = (kilobytes: number) => Math.round(kilobytes / 1_024)
  return {
    bench: 'fanout',
    subscribers,
    minutes,
    stalled,
    cutOff,
    p50Ms: quantile({ latenciesMs: all }, 50),
    p99Ms: quantile({ latenciesMs: all }, 99),
    rssFirstMinuteMb: each[0]?.rssMb,
    rssLastMinuteMb: each.at(-1)?.rssMb,
    rssMostMb: Math.max(...each.map(({ rssMb }) => rssMb)),
    rssMedianMb: median(each.map(({ rssMb }) => rssMb)),
    // Without garbage.
    liveBeforeMb: mb(stage.subscribed.liveKb),
    liveAfterMb: mb(afterwards.liveKb),
    lost,
    doubled,
    disordered,
    foreign,
    missing: each.reduce((sum, { missing }) => sum + missing, 0),
    each,
  }
}
