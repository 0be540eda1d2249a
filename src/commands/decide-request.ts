import { approvalBounds } from '../access/approval.ts'
import { approverOf, isApproved } from '../access/decide.ts'
import { actions } from '../access/role.ts'
import type { UserError } from '../access/user-error.ts'
import { may, type Viewer } from '../access/viewer.ts'
import { gatewayActor, type Actor, type Verdict } from '../access/words.ts'
import { extendTo } from '../store/extensions.ts'
import { nothingSaid, recordRequests, type Said } from '../store/request-facts.ts'
import { sql } from '../store/sql.ts'
import type { Transaction } from '../store/store.ts'
import { awaitApprovals } from './awaited-rows.ts'
import { closeRequests } from './close-request.ts'
import type { CommandContext, DecisionOutcome } from './command.ts'
import { approverOfNow, holdRequest, needsOf, readRequestGrants, type HeldRequest } from './held-request.ts'
import { lapse } from './lapse-requests.ts'
import { whyInVain } from './extension-rows.ts'
import { openWaiting } from './open-waiting.ts'
import { evaluateAgain, type Outcome, type WaitingGrant } from './waiting-grants.ts'

/** The request that is decided on, and why. */
export interface DecideInput {
  readonly requestId: string
  readonly reason?: string | null
}

/**
 * Decides on a request as one of its approvers, by the roles and groups that the viewer has now and the policies as they
 * are now. Saying the same again changes nothing; saying anything on what was decided is put in the log, and no more.
 */
export async function decideRequest(
  { store, viewer }: CommandContext,
  input: DecideInput,
  verdict: Verdict,
): Promise<DecisionOutcome> {
  const { requestId } = input
  const reason = input.reason?.trim() || null
  const { longestReason: limit } = approvalBounds
  if ((reason ?? '').length > limit)
    return refused({
      code: 'LIMIT_EXCEEDED',
      field: ['reason'],
      limit,
      message: `A reason has at most ${limit} characters.`,
    })
  return store.db.transaction(async (tx) => {
    const grants = await readRequestGrants(tx, requestId)
    // Whoever may not decide holds nobody up.
    const refusal = await refusalOf(tx, viewer, requestId, grants)
    if (refusal !== null || grants === null) return refused(refusal ?? notFound)
    const needs = await needsOf(tx, grants, 'share')
    const outcomes = verdict === 'DENIED' ? [] : await evaluateAgain(tx, grants)
    const request = (await holdRequest(tx, requestId)) as HeldRequest
    const { decisions, status } = request
    const grantIds = approverOf(viewer, grants[0]?.requester.actor.id ?? '', needs)
    if (grantIds.length === 0) return refused(notApprover)
    if (decisions.some((one) => one.actorId === viewer.actor.id && one.verdict === verdict))
      return { id: requestId, counted: true, userErrors: [] }

    const waits = status === 'PENDING_APPROVAL' && !request.overdue
    if (status === 'PENDING_APPROVAL' && request.overdue) await lapse(tx, [requestId])
    const said: Said = { verdict, reason, counted: waits }
    if (waits) await recordDecision(tx, viewer.actor, { requestId, reason, verdict, grantIds })
    await recordRequests(tx, [requestId], 'ApprovalDecided', viewer.actor, said)
    if (!waits) return { id: requestId, counted: false, userErrors: [] }

    if (verdict === 'DENIED') await closeRequests(tx, [requestId], 'DENIED', viewer.actor, said)
    else {
      const others = decisions.filter(({ actorId }) => actorId !== viewer.actor.id)
      const all = [...others, { actorId: viewer.actor.id, verdict, grantIds }]
      const open = needs.filter(({ grantId }) => request.waiting.has(grantId))
      if (isApproved(open, all)) await approve(tx, request, outcomes, viewer.actor, said)
      else await awaitTheRest(tx, request, grants)
    }
    return { id: requestId, counted: true, userErrors: [] }
  })
}

/** Approves a request, held by the caller: its grants go on as they were evaluated again. */
export async function approve(
  tx: Transaction,
  { id, waiting }: HeldRequest,
  outcomes: readonly Outcome[],
  actor: Actor,
  said: Said = nothingSaid,
): Promise<void> {
  const extension = outcomes.find(({ grant }) => grant.extends)
  const inVain = extension === undefined ? null : await whyInVain(tx, extension)
  if (inVain !== null) {
    await closeRequests(tx, [id], 'LAPSED', gatewayActor, { ...nothingSaid, reason: inVain })
    return
  }
  await tx.execute(sql`
    update requests set status = 'APPROVED', decided_at = gateway_now() where id = ${id}::uuid`)
  await recordRequests(tx, [id], 'RequestApproved', actor, said)
  await tx.execute(sql`delete from awaited_approvals where request_id = ${id}::uuid`)
  if (extension?.until) await extendTo(tx, id, extension.until, actor)
  else
    await openWaiting(
      tx,
      outcomes.filter(({ grant }) => waiting.has(grant.id)),
      actor,
    )
}

/** Who was asked for a grant that has its approvals now is asked no longer. */
async function awaitTheRest(tx: Transaction, { id, waiting }: HeldRequest, grants: readonly WaitingGrant[]) {
  await tx.execute(sql`delete from awaited_approvals where request_id = ${id}::uuid`)
  await awaitApprovals(
    tx,
    grants.flatMap((grant) => (waiting.has(grant.id) ? grant.id : [])),
  )
}

async function recordDecision(
  tx: Transaction,
  actor: Actor,
  decision: {
    readonly requestId: string
    readonly reason: string | null
    readonly verdict: Verdict
    readonly grantIds: readonly string[]
  },
): Promise<void> {
  await tx.execute(sql`
    insert into request_decisions (request_id, actor_kind, actor_id, actor_name, verdict, reason, decided_at, grant_ids)
    values (${decision.requestId}, ${actor.kind}, ${actor.id}, ${actor.name}, ${decision.verdict}, ${decision.reason},
      gateway_now(), ${sql.param(decision.grantIds)}::uuid[])
    on conflict (request_id, actor_id) do update set verdict = excluded.verdict, reason = excluded.reason,
      decided_at = excluded.decided_at, grant_ids = excluded.grant_ids`)
}

/** Why `viewer` may not decide on a request; null when it may. One that it may not see looks like none. */
async function refusalOf(
  tx: Transaction,
  viewer: Viewer,
  requestId: string,
  grants: readonly WaitingGrant[] | null,
): Promise<UserError | null> {
  if (grants === null) return notFound
  const requester = grants[0]?.requester.actor.id
  if (requester === viewer.actor.id)
    return { ...notApprover, message: 'Nobody decides on what they asked for themselves.' }
  if ((await approverOfNow(tx, viewer, grants)).length > 0) return null
  if (grants.some(({ vmId }) => may(viewer, actions.readGrant, vmId))) return notApprover
  const { rowCount } = await tx.execute(sql`
    select 1 from request_decisions where request_id = ${requestId}::uuid and actor_id = ${viewer.actor.id}`)
  return rowCount === 0 ? notFound : notApprover
}

const notFound: UserError = {
  code: 'NOT_FOUND',
  field: ['requestId'],
  message: 'There is no such request, or you may not see it.',
}
const notApprover: UserError = {
  code: 'NOT_PERMITTED',
  field: ['requestId'],
  action: actions.approveRequest,
  message: 'You are not an approver of this request.',
}

const refused = (error: UserError): DecisionOutcome => ({ id: null, counted: false, userErrors: [error] })
