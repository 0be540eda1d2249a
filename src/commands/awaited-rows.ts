import { sql } from '../store/sql.ts'
import { holdWaitingRequests, lookAgain } from '../store/settle-requests.ts'
import type { Transaction } from '../store/store.ts'

/** Locks the requests that wait for approval of grants of these machines; answers their ids. */
export function holdAwaiting(tx: Transaction, vmIds: readonly string[]): Promise<string[]> {
  return holdWaitingRequests(tx, sql`vm_id = any(${sql.param(vmIds)}::text[])`)
}

/** Asks for the approvals of held requests anew, as the policies of these machines are now, and has a look at them. */
export async function awaitAnew(
  tx: Transaction,
  requestIds: readonly string[],
  vmIds: readonly string[],
): Promise<void> {
  if (requestIds.length === 0) return
  const { rows } = await tx.execute<{ id: string }>(sql`
    select id from grants where request_id = any(${sql.param(requestIds)}::uuid[])
      and vm_id = any(${sql.param(vmIds)}::text[]) and state = 'PENDING_APPROVAL' order by id for no key update`)
  const grantIds = rows.map(({ id }) => id)
  await tx.execute(sql`delete from awaited_approvals where grant_id = any(${sql.param(grantIds)}::uuid[])`)
  await awaitApprovals(tx, grantIds)
  await lookAgain(tx, requestIds)
}

/**
 * Writes for whose decision these grants wait, by the policies of their machines, which are held by the caller. One that
 * has the approvals it needs waits for nobody.
 */
export async function awaitApprovals(tx: Transaction, grantIds: readonly string[]): Promise<void> {
  await tx.execute(sql`
    with ruled as (
      select g.id, coalesce(q.approval, p.approval) as rule
      from grants g
      join policies p on p.vm_id = g.vm_id and p.disabled_at is null
      join policy_ports q on q.policy_id = p.id and q.port = g.port and q.protocol in (g.protocol, 'ANY')
      where g.id = any(${sql.param(grantIds)}::uuid[])
    ), needing as (
      update grants g set approvals_needed = coalesce((r.rule->>'approvalsNeeded')::int, 0)
      from ruled r where g.id = r.id
      returning g.id, g.request_id, g.requester_id, g.vm_id, g.account_id, g.resource_group_id, g.approvals_needed,
        r.rule
    )
    insert into awaited_approvals (grant_id, request_id, requester_id, vm_id, account_id, resource_group_id,
      approver_kind, approver_id)
    select n.id, n.request_id, n.requester_id, n.vm_id, n.account_id, n.resource_group_id,
      (a->>'kind')::approver_kind, coalesce(a->>'id', '')
    from needing n cross join lateral jsonb_array_elements(n.rule->'approvers') a
    where n.approvals_needed > (select count(*) from request_decisions d
      where d.request_id = n.request_id and d.verdict = 'APPROVED' and n.id = any(d.grant_ids))`)
}
