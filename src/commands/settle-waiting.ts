import { isApproved } from '../access/decide.ts'
import { gatewayActor } from '../access/words.ts'
import { nothingSaid } from '../store/request-facts.ts'
import { sql } from '../store/sql.ts'
import type { Store } from '../store/store.ts'
import { approve } from './decide-request.ts'
import { holdRequest, needsOf, readRequestGrants } from './held-request.ts'
import { evaluateAgain } from './waiting-grants.ts'

/**
 * Looks at up to `limit` requests for which what they wait for may have changed: one that has all approvals it needs by
 * the policies as they are now is approved. Answers how many were looked at.
 */
export async function settleWaiting(store: Store, limit: number): Promise<number> {
  const { rows } = await store.db.execute<{ id: string }>(sql`
    select id from requests
    where status = 'PENDING_APPROVAL' and look_at <= gateway_now() and decide_by > gateway_now()
    order by look_at limit ${limit}`)
  const failures: unknown[] = []
  for (const { id } of rows) await settle(store, id).catch((error: unknown) => failures.push(error))
  if (failures.length > 0) throw failures[0]
  return rows.length
}

function settle(store: Store, requestId: string): Promise<void> {
  return store.db.transaction(async (tx) => {
    const grants = await readRequestGrants(tx, requestId)
    if (grants === null) return
    const needs = await needsOf(tx, grants, 'share')
    const outcomes = await evaluateAgain(tx, grants)
    const request = await holdRequest(tx, requestId, { skipLocked: true })
    if (request === null || request.status !== 'PENDING_APPROVAL' || request.overdue) return
    const waiting = needs.filter(({ grantId }) => request.waiting.has(grantId))
    const reason = 'It has the approvals that the policies ask for now.'
    if (isApproved(waiting, request.decisions))
      await approve(tx, request, outcomes, gatewayActor, { ...nothingSaid, reason })
    else await tx.execute(sql`update requests set look_at = decide_by where id = ${requestId}::uuid`)
  })
}
