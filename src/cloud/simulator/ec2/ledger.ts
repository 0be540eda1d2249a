import type { Ec2Answer, Ec2Call, Ec2Write } from './call.ts'

/** One call that would change something. */
export interface LoggedEc2Write extends Ec2Write {
  /** Milliseconds since the epoch, by the clock, when it was answered. */
  readonly at: number
  readonly accountId: string
  readonly region: string
  /** Null when the answer was lost on the way. */
  readonly status: number | null
}

/** How many writes are remembered. */
const MOST_REMEMBERED = 20_000

/** Counts calls by action, and remembers those that change something. */
export interface Ec2Ledger {
  readonly writes: readonly LoggedEc2Write[]
  /** How often each action was called, and how often that was refused. */
  readonly calls: Readonly<Record<string, { readonly total: number; readonly refused: number }>>
  answered(call: Ec2Call, status: number | null, answer: Ec2Answer | null): void
}

export function createLedger(now: () => number): Ec2Ledger {
  const writes: LoggedEc2Write[] = []
  const calls: Record<string, { total: number; refused: number }> = {}
  return {
    writes,
    calls,
    answered({ action, accountId, region }, status, answer) {
      const count = (calls[action] ??= { total: 0, refused: 0 })
      count.total += 1
      if (status !== null && status >= 400) count.refused += 1
      if (action.startsWith('Describe')) return
      const wrote = answer?.wrote ?? { action, targetId: '', ruleIdsAdded: [], ruleIdsRemoved: [] }
      writes.push({ ...wrote, at: now(), accountId, region, status })
      if (writes.length > MOST_REMEMBERED) writes.shift()
    },
  }
}
