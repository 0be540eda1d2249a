import type { Verdicts } from './load-messages.ts'
import { maxPhase, ratePhase } from './phases.ts'
import { quantile } from './quantile.ts'
import type { Contestant } from './server.ts'
import type { FanoutSettings } from './settings.ts'
import { openStage } from './stage.ts'
import { playStalls, type StalledFigures } from './stalls.ts'

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

/** A server's round: by the clock, as fast as it can, and with some that stall. Every event must reach everybody. */
export async function playRound(
  contestant: Contestant,
  settings: FanoutSettings,
  next: () => number,
): Promise<RoundFigures> {
  const { rate, seconds, maxSeconds } = settings
  // Those who stall come later, and go again.
  const subscribers = settings.subscribers - settings.stalled
  await using played = new AsyncDisposableStack()
  const stage = await openStage(contestant, subscribers, next)
  played.defer(() => stage.stop())
  const { idle, subscribed } = stage
  const steady = await ratePhase(stage, rate, seconds)
  const few = await maxPhase(stage, FEW, maxSeconds)
  const many = await maxPhase(stage, MANY, maxSeconds)
  const stalled = settings.stalled === 0 ? null : await playStalls(stage, settings, MANY)
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
    missing: steady.missing + few.missing + many.missing + (stalled?.missing ?? 0),
    verdicts: await stage.verdicts(),
    stalled,
  }
}
