import type { UserError } from '../access/user-error.ts'
import type { Viewer } from '../access/viewer.ts'
import { readWindow } from '../access/window.ts'
import { sql } from '../store/sql.ts'
import type { Transaction } from '../store/store.ts'
import { evaluateTargets, type Judgement } from './evaluate-targets.ts'
import type { ReadRequest } from './read-request.ts'

/** What becomes of a request at one moment. */
export interface JudgedRequest {
  /** The database's moment. */
  readonly now: Date
  /** Null when it is to open as soon as it may. */
  readonly startsAt: Date | null
  /** Null when the window starts at activation. */
  readonly endsAt: Date | null
  /** One for each target, in their order; empty when the window is refused. */
  readonly judged: readonly Judgement[]
  /** What is wrong with the window. */
  readonly userErrors: readonly UserError[]
}

/**
 * Judges a request as `viewer` asks for it now, by the database's clock. With `share` policies are held until what they
 * permit is written; with `none` nothing is.
 */
export async function judgeRequest(
  tx: Transaction,
  viewer: Viewer,
  request: ReadRequest,
  lock: 'share' | 'none',
): Promise<JudgedRequest> {
  const clock = await tx.execute<{ now: string }>(sql`select iso(gateway_now()) as now`)
  const now = new Date((clock.rows[0] as { now: string }).now)
  const { durationSeconds, startsAt, endsAt, userErrors } = readWindow(request.window, now)
  if (userErrors.length > 0) return { now, startsAt, endsAt, judged: [], userErrors }
  const { targets, sources, justification, ticket, breakGlass } = request
  const requesterId = viewer.actor.id
  const access = { requesterId, sources, durationSeconds, endsAt, justification, ticket, breakGlass }
  const judged = await evaluateTargets(
    tx,
    targets.map((target) => ({ viewer, target, access })),
    lock,
  )
  return { now, startsAt, endsAt, judged, userErrors: [] }
}
