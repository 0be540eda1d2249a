import { countPhase, maxPhase, ratePhase, type PhaseFigures } from './phases.ts'
import { quantile } from './quantile.ts'
import type { FanoutSettings } from './settings.ts'
import { verdictsOf, type OpenStage } from './stage.ts'
import { median } from '../support/median.ts'
import { rssKb } from '../support/usage.ts'

/**
 * How often some come, stall and read on. A ratio is the median of those within each turn, so that what else the machine
 * did in one of them does not count.
 */
const TURNS = 4
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
  const byTheClock = () => ratePhase(stage, rate, Math.min(seconds, MOST_SECONDS))
  const asFast = () => maxPhase(stage, inFlight, Math.min(maxSeconds, MOST_SECONDS))
  const filling = Math.ceil(FILLING_BYTES / (EVENT_BYTES + SOURCE_BYTES * sources))

  const turn = async () => {
    const { load, firstSequence } = await stage.join(stalled)
    try {
      const steady = await byTheClock()
      const flood = await asFast()
      const before = rssKb(server.pid)
      load.stall(stalled, false)
      const filled = await countPhase(stage, inFlight, filling)
      const stalledSteady = await byTheClock()
      const stalledFlood = await asFast()
      const growthMb = (rssKb(server.pid) - before) / 1_024
      load.readOn()
      const resumed = await asFast()
      const { lost, doubled } = await verdictsOf(load, server, firstSequence)
      const all = [steady, flood, filled, stalledSteady, stalledFlood, resumed]
      const missing = all.reduce((sum, phase) => sum + phase.missing, 0)
      return { steady, flood, stalledSteady, stalledFlood, resumed, growthMb, lost, doubled, missing }
    } finally {
      await load.stop()
    }
  }
  type Turn = Awaited<ReturnType<typeof turn>>
  const turns: Turn[] = []
  for (let count = 0; count < TURNS; count++) turns.push(await turn())

  const middle = (of: (turn: Turn) => number) => median(turns.map(of))
  const sum = (of: (turn: Turn) => number) => turns.reduce((total, each) => total + of(each), 0)
  const p99 = (figures: PhaseFigures) => quantile(figures, 99)
  return {
    p50Ms: middle(({ stalledSteady }) => quantile(stalledSteady, 50)),
    p99Ms: middle(({ stalledSteady }) => p99(stalledSteady)),
    p99VsNobodyStalled: middle(({ stalledSteady, steady }) => p99(stalledSteady) / p99(steady)),
    gatheredP99Ms: middle(({ stalledFlood }) => p99(stalledFlood)),
    gatheredP99VsNobodyStalled: middle(({ stalledFlood, flood }) => p99(stalledFlood) / p99(flood)),
    resumedP99Ms: middle(({ resumed }) => p99(resumed)),
    resumedP99VsNobodyStalled: middle(({ resumed, flood }) => p99(resumed) / p99(flood)),
    rssGrowthMb: middle(({ growthMb }) => growthMb),
    missing: sum(({ missing }) => missing),
    lost: sum(({ lost }) => lost),
    doubled: sum(({ doubled }) => doubled),
  }
}
