import { sql } from 'drizzle-orm'
import type { FactKind } from '../access/fact-kinds.ts'
import type { FactDetails } from '../access/facts.ts'
import type { Actor } from '../access/words.ts'
import type { Transaction } from './store.ts'

/** A fact about to be appended: what every kind shares, and the detail of its kind. */
export type NewFact = {
  readonly [Kind in FactKind]: {
    readonly kind: Kind
    readonly actor: Actor
    readonly detail: FactDetails[Kind]
    readonly accountId?: string | null
    readonly resourceGroupId?: string | null
    readonly vmId?: string | null
    readonly boundaryId?: string | null
    readonly policyId?: string | null
    readonly requestId?: string | null
    readonly grantId?: string | null
    readonly requesterId?: string | null
    readonly correlationId?: string | null
  }
}[FactKind]

/** Appends facts in their order, in the caller's transaction, and wakes the feeds when it commits. */
export async function appendFacts(tx: Transaction, facts: readonly NewFact[]): Promise<void> {
  if (facts.length === 0) return
  const rows = facts.map(({ actor, ...fact }) => ({
    ...fact,
    actorKind: actor.kind,
    actorId: actor.id,
    actorName: actor.name,
  }))
  await tx.execute(sql`
    insert into activities (kind, actor_kind, actor_id, actor_name, account_id, resource_group_id, vm_id, boundary_id,
      policy_id, request_id, grant_id, requester_id, correlation_id, detail)
    select f.kind, f."actorKind", f."actorId", f."actorName", f."accountId", f."resourceGroupId", f."vmId",
      f."boundaryId", f."policyId", f."requestId", f."grantId", f."requesterId", f."correlationId", f.detail
    from rows from (jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as (kind fact_kind, "actorKind" actor_kind,
      "actorId" text, "actorName" text, "accountId" text, "resourceGroupId" text, "vmId" text, "boundaryId" text,
      "policyId" uuid, "requestId" uuid, "grantId" uuid, "requesterId" text, "correlationId" text, detail jsonb))
      with ordinality as f(kind, "actorKind", "actorId", "actorName", "accountId", "resourceGroupId", "vmId",
        "boundaryId", "policyId", "requestId", "grantId", "requesterId", "correlationId", detail, place)
    order by f.place`)
  await tx.execute(sql`select pg_notify('jit_activity', '')`)
}
