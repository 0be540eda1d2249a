import { countPhase, maxPhase, ratePhase, type PhaseFigures } from './phases.ts'
import { quantile } from './quantile.ts'
import type { FanoutSettings } from './settings.ts'
import { verdictsOf, type OpenStage } from './stage.ts'
import { median } from '../support/median.ts'
import { rssKb } from '../support/usage.ts'

/** How often some come, stall and read on: what else the machine does falls on all phases alike. */
const TURNS = 3
/** More than the machine keeps for a connection that nobody reads, in bytes: then the server has to. */
const FILLING_BYTES = 8_000_000
/** Of an event, without its sources and for each of them. */
const EVENT_BYTES = 600
const SOURCE_BYTES = 19
/** Most of a phase, in seconds: a reader that is stalled for ten is cut off, and none would be left. */
const MOST_SECONDS = 3

/** What those who go on reading, and the server, notice of those who do not. */
export interface StalledFigures {
  /** By the clock. */
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p99VsNobodyStalled: number
  /** As fast as it can, with many events on their way. */
  readonly gatheredP99Ms: number
  readonly gatheredP99VsNobodyStalled: number
  /** The same while those who had stalled are sent what they missed. */
  readonly resumedP99Ms: number
  readonly resumedP99VsNobodyStalled: number
  readonly rssGrowthMb: number
  readonly missing: number
  /** What those who stalled were never sent, though they read on, or were sent twice. */
  readonly lost: number
  readonly doubled: number
}

/**
 * Events by the clock and as fast as they go, `inFlight` at a time: while all read, while some stall, while these read on.
 * Those who stall are in a process of their own: what they read when they read on must not keep the others' process from
 * reading.
 */
export async function playStalls(
  stage: OpenStage,
  { stalled, rate, seconds, maxSeconds, sources }: FanoutSettings,
  inFlight: number,
): Promise<StalledFigures> {
  const { server } = stage
  const [steady, flood, stalledSteady, stalledFlood, resumed] = [phases(), phases(), phases(), phases(), phases()]
  const byTheClock = () => ratePhase(stage, rate, Math.min(seconds, MOST_SECONDS))
  const asFast = () => maxPhase(stage, inFlight, Math.min(maxSeconds, MOST_SECONDS))
  const filling = Math.ceil(FILLING_BYTES / (EVENT_BYTES + SOURCE_BYTES * sources))
  let [lost, doubled] = [0, 0]
  const growthsMb: number[] = []
  for (let turn = 0; turn < TURNS; turn++) {
    const { load, firstSequence } = await stage.join(stalled)
    try {
      steady.add(await byTheClock())
      flood.add(await asFast())
      const before = rssKb(server.pid)
      load.stall(stalled, false)
      await countPhase(stage, inFlight, filling)
      stalledSteady.add(await byTheClock())
      stalledFlood.add(await asFast())
      growthsMb.push((rssKb(server.pid) - before) / 1_024)
      load.readOn()
      resumed.add(await asFast())
      const verdicts = await verdictsOf(load, server, firstSequence)
      lost += verdicts.lost
      doubled += verdicts.doubled
    } finally {
      await load.stop()
    }
  }
  return {
    p50Ms: quantile(stalledSteady, 50),
    p99Ms: quantile(stalledSteady, 99),
    p99VsNobodyStalled: quantile(stalledSteady, 99) / quantile(steady, 99),
    gatheredP99Ms: quantile(stalledFlood, 99),
    gatheredP99VsNobodyStalled: quantile(stalledFlood, 99) / quantile(flood, 99),
    resumedP99Ms: quantile(resumed, 99),
    resumedP99VsNobodyStalled: quantile(resumed, 99) / quantile(flood, 99),
    rssGrowthMb: median(growthsMb),
    missing: [steady, flood, stalledSteady, stalledFlood, resumed].reduce((sum, { missing }) => sum + missing, 0),
    lost,
    doubled,
  }
}

/** The same phase of all turns together. */
function phases() {
  const all = { latenciesMs: [] as number[], missing: 0 }
  return Object.assign(all, {
    add({ latenciesMs, missing }: PhaseFigures) {
      for (const latency of latenciesMs) all.latenciesMs.push(latency)
      all.missing += missing
    },
  })
}
