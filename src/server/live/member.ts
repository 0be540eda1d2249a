import type { Sink } from './sink.ts'
import type { Standing } from './standing.ts'

/** One subscription, in a group of those with the same document and variables. */
export interface Member<Group> {
  readonly group: Group
  readonly standing: Standing
  /** When its token ends, in milliseconds since the epoch. */
  readonly until: number
  sink: Sink
  gone: boolean
  /** Tells the reader that nothing more will come. */
  readonly ended: () => void
}
