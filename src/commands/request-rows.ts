import { randomUUIDv7 } from 'node:crypto'
import { longestOpening } from '../access/window.ts'
import type { Actor } from '../access/words.ts'
import { appendFacts, type NewFact } from '../store/append-facts.ts'
import { sql } from '../store/sql.ts'
import type { Transaction } from '../store/store.ts'
import type { Permitted } from './evaluate-targets.ts'

/** What every grant of a request shares. */
export interface RequestDetails {
  readonly justification: string | null
  readonly sources: readonly string[]
  /** Null when the window starts at activation. */
  readonly endsAt: Date | null
  /** The database's moment of the request. */
  readonly now: Date
}

/** Writes an approved request, its grants and their facts. */
export async function insertRequest(
  tx: Transaction,
  actor: Actor,
  permitted: readonly Permitted[],
  { justification, sources, endsAt, now }: RequestDetails,
): Promise<{ readonly requestId: string; readonly grantIds: readonly string[] }> {
  const requestId = randomUUIDv7()
  const moment = now.toISOString()
  await tx.execute(sql`
    insert into requests (id, requester_kind, requester_id, requester_name, justification, status, requested_at,
      decided_at)
    values (${requestId}, ${actor.kind}, ${actor.id}, ${actor.name}, ${justification}, 'APPROVED', ${moment}, ${moment})`)
  const openBy = new Date(now.getTime() + longestOpening * 1_000)
  const rows = permitted.map(({ machine, port, protocol, durationSeconds }) => ({
    id: randomUUIDv7(),
    vm: machine.id,
    account: machine.accountId,
    group: machine.resourceGroupId,
    port,
    protocol,
    duration: endsAt === null ? durationSeconds : null,
    latest: (endsAt ?? new Date(openBy.getTime() + durationSeconds * 1_000)).toISOString(),
  }))
  await tx.execute(sql`
    insert into grants (id, request_id, vm_id, account_id, resource_group_id, requester_id, requester_name, port,
      protocol, sources, state, requested_at, duration_seconds, ends_at, open_by, latest_end)
    select g.id, ${requestId}, g.vm, g.account, g."group", ${actor.id}, ${actor.name}, g.port, g.protocol,
      ${sql.param(sources)}::text[], 'OPENING', ${moment}, g.duration, ${endsAt?.toISOString() ?? null}::timestamptz,
      ${openBy.toISOString()}::timestamptz, g.latest
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as g(id uuid, vm text, account text, "group" text, port int,
      protocol protocol, duration int, latest timestamptz)`)
  await appendFacts(tx, [
    {
      kind: 'AccessRequested',
      actor,
      requestId,
      requesterId: actor.id,
      detail: { justification, grants: rows.length },
    },
    ...rows.map(({ id, vm, account, group, port, protocol }): NewFact => ({
      kind: 'GrantOpening',
      actor,
      requestId,
      grantId: id,
      requesterId: actor.id,
      vmId: vm,
      accountId: account,
      resourceGroupId: group,
      detail: {
        state: 'OPENING',
        port,
        protocol,
        sources,
        endsAt: endsAt?.toISOString() ?? null,
        endReason: null,
        fault: null,
      },
    })),
  ])
  return { requestId, grantIds: rows.map((row) => row.id) }
}
