import { sql } from 'drizzle-orm'
import type { ExtensionOffer } from '../access/extension.ts'
import { gatewayActor, type Protocol } from '../access/words.ts'
import type { Transaction } from './store.ts'

/** A grant whose end is to be announced. */
export interface EndingGrant extends Record<string, unknown> {
  readonly id: string
  readonly vmId: string
  readonly requesterId: string
  readonly port: number
  readonly protocol: Protocol
  readonly sources: readonly string[]
  /** ISO 8601. */
  readonly endsAt: string
  /** The database's moment, ISO 8601. */
  readonly now: string
  /** Its end has passed by then: there is nothing to announce. */
  readonly over: boolean
}

/**
 * Takes up to `limit` grants whose end is due to be announced. Several may call it at once, each takes others; what it
 * took is announced in the same transaction, or due again.
 */
export async function takeEnding(tx: Transaction, limit: number): Promise<readonly EndingGrant[]> {
  const { rows } = await tx.execute<EndingGrant>(sql`
    with due as (
      select id from grants where state = 'ACTIVE' and notice_at <= gateway_now()
      order by notice_at limit ${limit} for no key update skip locked
    )
    update grants g set notice_at = null from due where g.id = due.id
    returning g.id, g.vm_id as "vmId", g.requester_id as "requesterId", g.port, g.protocol, g.sources, iso(g.ends_at) as "endsAt",
      iso(gateway_now()) as now, g.ends_at <= gateway_now() as over`)
  return rows
}

/** Says in the log that grants end soon, with how far each can be extended. */
export async function announceEnding(
  tx: Transaction,
  ending: readonly { readonly id: string; readonly extension: ExtensionOffer | null }[],
): Promise<void> {
  if (ending.length === 0) return
  await tx.execute(sql`
    insert into activities (kind, actor_kind, actor_id, actor_name, account_id, resource_group_id, vm_id, request_id,
      grant_id, requester_id, detail)
    select 'GrantEndsSoon', ${gatewayActor.kind}, ${gatewayActor.id}, ${gatewayActor.name}, g.account_id,
      g.resource_group_id, g.vm_id, g.request_id, g.id, g.requester_id,
      grant_snapshot(g) || jsonb_build_object('extension', e.extension)
    from jsonb_to_recordset(${JSON.stringify(ending)}::jsonb) as e(id uuid, extension jsonb)
    join grants g on g.id = e.id order by g.id`)
  await tx.execute(sql`select pg_notify('jit_activity', '')`)
}
