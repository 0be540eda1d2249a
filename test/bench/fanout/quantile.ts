import { percentile } from '../support/percentile.ts'
import type { PhaseFigures } from './phases.ts'

/** What `percent` of the latencies do not exceed, to a tenth of a millisecond. */
export function quantile({ latenciesMs }: Pick<PhaseFigures, 'latenciesMs'>, percent: number): number {
  return (
    percentile(
      latenciesMs.map((value) => value * 10),
      percent,
    ) / 10
  )
}
