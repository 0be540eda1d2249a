import type { RoundFigures } from './round.ts'

/** What one server showed in one round, as a line for a person. */
export function tellRound(name: string, round: number, figures: RoundFigures): string {
  const { verdicts, stalled } = figures
  const rounded = (value: number, digits = 0) => value.toFixed(digits)
  return [
    `round ${String(round)}, ${name}:`,
    `last receipt p50/p99 ${rounded(figures.p50Ms, 1)}/${rounded(figures.p99Ms, 1)} ms;`,
    `deliveries/s ${rounded(figures.deliveriesPerSecond)},`,
    `many in flight ${rounded(figures.gatheredDeliveriesPerSecond)} (p99 ${rounded(figures.gatheredP99Ms, 1)} ms);`,
    `server us/delivery ${[figures.cpuUs, figures.maxCpuUs, figures.gatheredCpuUs].map((us) => rounded(us, 1)).join('/')};`,
    `RSS ${rounded(figures.rssMb)} MB (idle ${rounded(figures.idleRssMb)}, ${rounded(figures.kbPerSubscriber, 1)} kB a subscriber; live ${rounded(figures.liveKbPerSubscriber, 1)} kB);`,
    `${String(verdicts.deliveries)} deliveries of ${String(verdicts.bytesPerDelivery)} B,`,
    `lost ${String(verdicts.lost)}, doubled ${String(verdicts.doubled)}, disordered ${String(verdicts.disordered)}, foreign ${String(verdicts.foreign)}`,
    ...(stalled === null
      ? []
      : [
          `; with stalled ones p50/p99 ${rounded(stalled.p50Ms, 1)}/${rounded(stalled.p99Ms, 1)} ms`,
          `(${rounded(stalled.p99VsNobodyStalled, 2)} of before), many in flight p99 ${rounded(stalled.gatheredP99Ms, 1)} ms`,
          `(${rounded(stalled.gatheredP99VsNobodyStalled, 2)}), when they read on ${rounded(stalled.resumedP99Ms, 1)} ms`,
          `(${rounded(stalled.resumedP99VsNobodyStalled, 2)}), RSS growth ${rounded(stalled.rssGrowthMb, 1)} MB,`,
          `lost ${String(stalled.lost)}, doubled ${String(stalled.doubled)}`,
        ]),
  ].join(' ')
}
