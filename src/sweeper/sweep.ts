import { CloudError } from '../cloud/error.ts'
import type { Cloud, Observation } from '../cloud/port.ts'
import { strayAllows, type Stray } from '../firewall/stray.ts'
import type { Clock } from '../time/clock.ts'

export interface SweepOptions {
  readonly cloud: Cloud
  readonly accountId: string
  /** Whether strays are closed, or only told of. */
  readonly apply: boolean
  /** How long past its end a rule is left to an enforcer, in milliseconds. */
  readonly graceMs: number
  readonly clock: Clock
  readonly signal?: AbortSignal
}

/** A stray rule and what became of it; `fault` says why it could not be closed. */
export interface Swept {
  readonly boundaryId: string
  readonly stray: Stray
  readonly outcome: 'FOUND' | 'CLOSED' | 'FAILED'
  readonly fault: string | null
}

/** How often a boundary that somebody else writes meanwhile is begun anew. */
const MOST_TRIES = 5

/**
 * Finds, in every boundary of an account, allows of ours that are overdue or whose grant is unknown, and closes them: from
 * the cloud alone, without a database, for the day when no gateway is left to do it. A rule counts as closed when the
 * boundary was read back without it. Fails with a `CloudError` when the account cannot be read; a boundary that cannot
 * be written is told of, and the others go on.
 */
export async function* sweep(options: SweepOptions): AsyncGenerator<Swept> {
  const { cloud, accountId, apply, signal } = options
  for await (const page of cloud.inventory(accountId, signal)) {
    if (page.kind !== 'boundaries') continue
    for (const boundary of page.items) {
      const strays = straysOf(options, boundary)
      if (strays.length === 0) continue
      const { boundaryId } = boundary
      if (apply) yield* await closing(options, boundaryId, strays)
      else yield* strays.map((stray): Swept => ({ boundaryId, stray, outcome: 'FOUND', fault: null }))
    }
  }
}

/** Closes what is stray when the boundary is written, which is not quite what it was when the account was read. */
async function closing(options: SweepOptions, boundaryId: string, known: readonly Stray[]): Promise<Swept[]> {
  const { cloud, signal } = options
  let strays = known
  try {
    for (let tries = 1; ; tries++) {
      const before = await cloud.observe(boundaryId, signal)
      strays = straysOf(options, before)
      if (strays.length === 0) return []
      try {
        await cloud.apply(before, { remove: strays.map(({ rule }) => rule.name), put: [] }, signal)
        break
      } catch (error) {
        if (!(error instanceof CloudError) || error.kind !== 'CONFLICT' || tries === MOST_TRIES) throw error
      }
    }
    const left = new Set((await cloud.observe(boundaryId, signal)).rules.map(({ name }) => name.toLowerCase()))
    return strays.map((stray) =>
      left.has(stray.rule.name.toLowerCase())
        ? { boundaryId, stray, outcome: 'FAILED', fault: 'The cloud took the write, and still shows the rule.' }
        : { boundaryId, stray, outcome: 'CLOSED', fault: null },
    )
  } catch (error) {
    if (!(error instanceof CloudError)) throw error
    return strays.map((stray) => ({ boundaryId, stray, outcome: 'FAILED', fault: `${error.code}: ${error.message}` }))
  }
}

function straysOf({ clock, graceMs }: SweepOptions, { rules }: Observation): Stray[] {
  return strayAllows(rules, clock.now(), graceMs)
}
