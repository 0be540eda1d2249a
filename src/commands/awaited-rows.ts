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
    select id from grants where id in (select p.id from requested_ports p
      where p.request_id = any(${sql.param(requestIds)}::uuid[]) and p.vm_id = any(${sql.param(vmIds)}::text[]) and p.waits)
    order by id for no key update`)
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
      select a.id, a.request_id, a.requester_id, a.vm_id, a.account_id, a.resource_group_id, a.extends,
        coalesce((coalesce(q.approval, p.approval)->>'approvalsNeeded')::int, 0) as needed,
        coalesce(q.approval, p.approval)->'approvers' as approvers
      from requested_ports a
      join requests r on r.id = a.request_id and r.status = 'PENDING_APPROVAL'
      join policies p on p.vm_id = a.vm_id and p.disabled_at is null
      join policy_ports q on q.policy_id = p.id and q.port = a.port and q.protocol in (a.protocol, 'ANY')
      where a.id = any(${sql.param(grantIds)}::uuid[]) and a.waits
    ), opening as (
      update grants g set approvals_needed = r.needed from ruled r where g.id = r.id and not r.extends
    ), extending as (
      update extensions x set approvals_needed = r.needed from ruled r where x.request_id = r.request_id and r.extends
    )
    insert into awaited_approvals (grant_id, request_id, requester_id, vm_id, account_id, resource_group_id,
      approver_kind, approver_id)
    select r.id, r.request_id, r.requester_id, r.vm_id, r.account_id, r.resource_group_id,
      (a->>'kind')::approver_kind, coalesce(a->>'id', '')
    from ruled r cross join lateral jsonb_array_elements(r.approvers) a
    where r.needed > (select count(*) from request_decisions d
      where d.request_id = r.request_id and d.verdict = 'APPROVED' and r.id = any(d.grant_ids))`)
}
