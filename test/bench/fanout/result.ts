import { median } from '../support/median.ts'
import type { RoundFigures } from './round.ts'
import type { FanoutSettings } from './settings.ts'

type Rounds = readonly Readonly<Record<string, RoundFigures>>[]

/** The line a run ends with: medians over the rounds; a ratio is the median of the ratios within each round. */
export function result(settings: FanoutSettings, rounds: Rounds): object {
  const own = rounds.flatMap((round) => round['product'] ?? [])
  const middle = (of: (figures: RoundFigures) => number, digits = 0) => to(median(own.map(of)), digits)
  const sum = (of: (figures: RoundFigures) => number) => own.reduce((total, figures) => total + of(figures), 0)
  const ratio = (name: string, of: (figures: RoundFigures) => number) => {
    const ratios = rounds.flatMap(({ product, [name]: other }) => (product && other ? of(product) / of(other) : []))
    return ratios.length === 0 ? null : to(median(ratios), 2)
  }
  return {
    bench: 'fanout',
    subscribers: settings.subscribers,
    rate: settings.rate,
    deliveriesPerSecond: middle((figures) => figures.deliveriesPerSecond),
    gatheredDeliveriesPerSecond: middle((figures) => figures.gatheredDeliveriesPerSecond),
    p50Ms: middle((figures) => figures.p50Ms, 1),
    p99Ms: middle((figures) => figures.p99Ms, 1),
    cpuUsPerDelivery: middle((figures) => figures.maxCpuUs, 1),
    rssMb: middle((figures) => figures.rssMb),
    kbPerSubscriber: middle((figures) => figures.kbPerSubscriber, 1),
    liveKbPerSubscriber: middle((figures) => figures.liveKbPerSubscriber, 1),
    lost: sum((figures) => figures.verdicts.lost),
    doubled: sum((figures) => figures.verdicts.doubled),
    disordered: sum((figures) => figures.verdicts.disordered + figures.verdicts.foreign),
    gatheredVsLimit: ratio('limit', (figures) => figures.gatheredDeliveriesPerSecond),
    vsLimit: ratio('limit', (figures) => figures.deliveriesPerSecond),
    vsGraphqlWs: ratio('graphql-ws', (figures) => figures.deliveriesPerSecond),
    vsMercurius: ratio('mercurius', (figures) => figures.deliveriesPerSecond),
    p99VsLimit: ratio('limit', (figures) => figures.p99Ms),
    ...(settings.stalled === 0 ? {} : { stalled: stalledResult(settings.stalled, own) }),
  }
}

function stalledResult(subscribers: number, own: readonly RoundFigures[]): object {
  const figures = own.flatMap(({ stalled }) => stalled ?? [])
  return {
    subscribers,
    p99Ms: to(median(figures.map(({ p99Ms }) => p99Ms)), 1),
    p99VsNobodyStalled: to(median(figures.map(({ p99VsNobodyStalled }) => p99VsNobodyStalled)), 2),
    gatheredP99VsNobodyStalled: to(median(figures.map((each) => each.gatheredP99VsNobodyStalled)), 2),
    resumedP99VsNobodyStalled: to(median(figures.map((each) => each.resumedP99VsNobodyStalled)), 2),
    rssGrowthMb: to(median(figures.map(({ rssGrowthMb }) => rssGrowthMb)), 1),
    lost: figures.reduce((total, { lost }) => total + lost, 0),
    doubled: figures.reduce((total, { doubled }) => total + doubled, 0),
  }
}

const to = (value: number, digits: number) => Number(value.toFixed(digits))
