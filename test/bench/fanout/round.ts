import { percentile } from '../support/percentile.ts'
import type { Verdicts } from './load-messages.ts'
import { maxPhase, ratePhase, type PhaseFigures } from './phases.ts'
import type { Contestant } from './server.ts'
import type { FanoutSettings } from './settings.ts'
import { openStage } from './stage.ts'
import { rssKb } from '../support/usage.ts'

/** Events on their way at once, in the two phases that go as fast as they can. */
const FEW = 4
const MANY = 32

/** What one server showed in one round. */
export interface RoundFigures {
  readonly p50Ms: number
  readonly p99Ms: number
  /** Deliveries a second with few events on their way at once, and with many. */
  readonly deliveriesPerSecond: number
  readonly gatheredDeliveriesPerSecond: number
  readonly gatheredP99Ms: number
  /** CPU time of the server for a delivery, in microseconds: by the clock, with few and with many. */
  readonly cpuUs: number
  readonly maxCpuUs: number
  readonly gatheredCpuUs: number
  /** Resident memory with everybody subscribed, while events go by the clock. */
  readonly rssMb: number
  /** Without garbage: what it was before anybody subscribed, and what each subscriber added. */
  readonly idleRssMb: number
  readonly kbPerSubscriber: number
  /** Of that, objects and buffers in use. */
  readonly liveKbPerSubscriber: number
  /** Events that some of those who read never got within the time. */
  readonly missing: number
  readonly verdicts: Verdicts
  /** Null when nobody stalls. */
  readonly stalled: StalledFigures | null
}

/** What those who go on reading, and the server, notice of those who do not. */
export interface StalledFigures {
  /** By the clock. */
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p99VsNobodyStalled: number
  /** As fast as it can, with many events on their way. */
  readonly gatheredP99Ms: number
  readonly gatheredP99VsNobodyStalled: number
  readonly rssGrowthMb: number
}

/** A server's round: by the clock, as fast as it can, and with some that stall. Every event must reach everybody. */
export async function playRound(
  contestant: Contestant,
  settings: FanoutSettings,
  next: () => number,
): Promise<RoundFigures> {
  const { subscribers, rate, seconds, maxSeconds } = settings
  await using played = new AsyncDisposableStack()
  const stage = await openStage(contestant, settings, next)
  played.defer(() => stage.stop())
  const { idle, subscribed } = stage
  const steady = await ratePhase(stage, rate, seconds)
  const few = await maxPhase(stage, FEW, maxSeconds)
  const many = await maxPhase(stage, MANY, maxSeconds)
  let missing = steady.missing + few.missing + many.missing
  let stalled: StalledFigures | null = null
  if (settings.stalled > 0) {
    const before = rssKb(stage.server.pid)
    stage.load.stall(settings.stalled, false)
    const others = await ratePhase(stage, rate, seconds)
    const flood = await maxPhase(stage, MANY, maxSeconds)
    missing += others.missing + flood.missing
    stalled = {
      p50Ms: quantile(others, 50),
      p99Ms: quantile(others, 99),
      p99VsNobodyStalled: quantile(others, 99) / quantile(steady, 99),
      gatheredP99Ms: quantile(flood, 99),
      gatheredP99VsNobodyStalled: quantile(flood, 99) / quantile(many, 99),
      rssGrowthMb: (rssKb(stage.server.pid) - before) / 1_024,
    }
    stage.load.readOn()
  }
  return {
    p50Ms: quantile(steady, 50),
    p99Ms: quantile(steady, 99),
    deliveriesPerSecond: few.eventsPerSecond * subscribers,
    gatheredDeliveriesPerSecond: many.eventsPerSecond * subscribers,
    gatheredP99Ms: quantile(many, 99),
    cpuUs: steady.cpuUsPerEvent / subscribers,
    maxCpuUs: few.cpuUsPerEvent / subscribers,
    gatheredCpuUs: many.cpuUsPerEvent / subscribers,
    idleRssMb: idle.rssKb / 1_024,
    rssMb: steady.rssKb / 1_024,
    kbPerSubscriber: (subscribed.rssKb - idle.rssKb) / subscribers,
    liveKbPerSubscriber: (subscribed.liveKb - idle.liveKb) / subscribers,
    missing,
    verdicts: await stage.verdicts(),
    stalled,
  }
}

/** To a tenth of a millisecond. */
export function quantile({ latenciesMs }: Pick<PhaseFigures, 'latenciesMs'>, percent: number): number {
  return (
    percentile(
      latenciesMs.map((value) => value * 10),
      percent,
    ) / 10
  )
}
