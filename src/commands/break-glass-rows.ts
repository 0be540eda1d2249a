import type { FactKind } from '../access/fact-kinds.ts'
import type { Actor } from '../access/words.ts'
import { sql } from '../store/sql.ts'
import type { Transaction } from '../store/store.ts'
import type { Permitted } from './judge-target.ts'

/** Notes that a request was made by break-glass, to be reviewed by somebody else, and says so at each of its machines. */
export async function recordUse(
  tx: Transaction,
  actor: Actor,
  requestId: string,
  permitted: readonly Permitted[],
): Promise<void> {
  const past = [...new Set(permitted.flatMap((grant) => grant.past))].toSorted()
  await tx.execute(sql`
    insert into break_glass_uses (request_id, used_by_id, used_at, past)
    values (${requestId}, ${actor.id}, gateway_now(), ${sql.param(past)}::text[]::safeguard[])`)
  await recordBreakGlass(tx, actor, requestId, 'BreakGlassUsed')
}

/** Says in the log what became of a use of break-glass: at each machine of the request, for whoever watches it. */
export async function recordBreakGlass(
  tx: Transaction,
  actor: Actor,
  requestId: string,
  kind: Extract<FactKind, 'BreakGlassUsed' | 'BreakGlassReviewed'>,
): Promise<void> {
  await tx.execute(sql`
    insert into activities (kind, actor_kind, actor_id, actor_name, account_id, resource_group_id, vm_id, request_id,
      requester_id, detail)
    select ${kind}::fact_kind, ${actor.kind}::actor_kind, ${actor.id}, ${actor.name}, g.account_id, g.resource_group_id,
      g.vm_id, r.id, r.requester_id,
      jsonb_build_object('justification', r.justification, 'past', to_jsonb(b.past), 'note', b.note)
    from break_glass_uses b join requests r on r.id = b.request_id
    cross join lateral (select distinct account_id, resource_group_id, vm_id from grants where request_id = r.id) g
    where b.request_id = ${requestId}::uuid order by g.vm_id`)
  await tx.execute(sql`select pg_notify('jit_activity', '')`)
}
