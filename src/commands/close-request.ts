import type { RequestFactKind } from '../access/fact-kinds.ts'
import type { Actor, EndReason, RequestStatus } from '../access/words.ts'
import { endUnopened } from '../store/end-grants.ts'
import { recordRequests, type Said } from '../store/request-facts.ts'
import { sql } from '../store/sql.ts'
import type { Transaction } from '../store/store.ts'

const kinds = {
  DENIED: 'RequestDenied',
  WITHDRAWN: 'RequestWithdrawn',
  LAPSED: 'RequestLapsed',
} as const satisfies Partial<Record<RequestStatus & EndReason, RequestFactKind>>

/** Closes requests, held by the caller, whose grants were never opened: status, log, and the grants with them. */
export async function closeRequests(
  tx: Transaction,
  requestIds: readonly string[],
  status: keyof typeof kinds,
  actor: Actor,
  said: Said,
): Promise<void> {
  if (requestIds.length === 0) return
  const ids = sql.param(requestIds)
  await tx.execute(sql`
    update requests set status = ${status}::request_status, decided_at = coalesce(decided_at, gateway_now())
    where id = any(${ids}::uuid[])`)
  await recordRequests(tx, requestIds, kinds[status], actor, said)
  await tx.execute(sql`delete from awaited_approvals where request_id = any(${ids}::uuid[])`)
  await endUnopened(tx, requestIds, status, actor)
}
