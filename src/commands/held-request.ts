import { approverOf, ruleFor, type Decision, type Need } from '../access/decide.ts'
import type { Viewer } from '../access/viewer.ts'
import type { GrantState, RequestStatus } from '../access/words.ts'
import { sql } from '../store/sql.ts'
import type { Transaction } from '../store/store.ts'
import { holdPolicies } from './held-policies.ts'
import { readWaiting, type WaitingGrant } from './waiting-grants.ts'

/** A request as it stands, held against change for the rest of the transaction. */
export interface HeldRequest {
  readonly id: string
  readonly status: RequestStatus
  /** Whether the time in which it could be decided is over. */
  readonly overdue: boolean
  readonly decisions: readonly Decision[]
  /** The states of its grants, by id; of an extension, that of the grant it is of. */
  readonly states: ReadonlyMap<string, GrantState>
  /** The grants of which what is asked waits to be decided: those that wait to open, or an open one to be extended. */
  readonly waiting: ReadonlySet<string>
}

/** Locks a request, then its grants, and reads them as they are then; null when there is none, or another holds it. */
export async function holdRequest(
  tx: Transaction,
  requestId: string,
  options: { readonly skipLocked?: boolean } = {},
): Promise<HeldRequest | null> {
  const skip = options.skipLocked === true ? sql`skip locked` : sql``
  const { rows } = await tx.execute<{ status: RequestStatus }>(sql`
    select status from requests where id = ${requestId}::uuid for no key update ${skip}`)
  const [request] = rows
  if (request === undefined) return null
  const grants = await tx.execute<{ id: string; state: GrantState }>(sql`
    select id, state from grants where id in (select p.id from requested_ports p where p.request_id = ${requestId}::uuid)
    order by id for no key update`)
  // A statement of its own: the decisions must be those after the lock was granted.
  const after = await tx.execute<{
    overdue: boolean
    decisions: readonly Decision[]
    waiting: readonly string[]
  }>(sql`
    select coalesce(r.decide_by <= gateway_now(), false) as overdue, coalesce((
        select jsonb_agg(jsonb_build_object('actorId', d.actor_id, 'verdict', d.verdict, 'grantIds', d.grant_ids))
        from request_decisions d where d.request_id = r.id), '[]') as decisions,
      array(select p.id from requested_ports p where p.request_id = r.id and p.waits) as waiting
    from requests r where r.id = ${requestId}::uuid`)
  const { overdue, decisions, waiting } = after.rows[0] as (typeof after.rows)[number]
  return {
    id: requestId,
    status: request.status,
    overdue,
    decisions,
    waiting: new Set(waiting),
    states: new Map(grants.rows.map(({ id, state }) => [id, state])),
  }
}

/** The grants of a request, without a lock; null when there is no such request. */
export async function readRequestGrants(tx: Transaction, requestId: string): Promise<readonly WaitingGrant[] | null> {
  const grants = await readWaiting(tx, sql`p.request_id = ${requestId}::uuid`)
  return grants.length === 0 ? null : grants
}

/** Who has to approve each grant by the policies as they are now: held for `share`, or only looked at. */
export async function needsOf(
  tx: Transaction,
  grants: readonly WaitingGrant[],
  lock: 'none' | 'share',
): Promise<readonly Need[]> {
  const policies = await holdPolicies(tx, { vmIds: [...new Set(grants.map(({ vmId }) => vmId))] }, lock)
  const byVm = new Map(policies.map((policy) => [policy.vmId, policy]))
  return grants.map((grant) => ({ grantId: grant.id, vmId: grant.vmId, rule: ruleFor(byVm.get(grant.vmId), grant) }))
}

/** The grants of a request for which `viewer` is an approver by the policies as they are now. */
export async function approverOfNow(
  tx: Transaction,
  viewer: Viewer,
  grants: readonly WaitingGrant[],
): Promise<readonly string[]> {
  return approverOf(viewer, grants[0]?.requester.actor.id ?? '', await needsOf(tx, grants, 'none'))
}
