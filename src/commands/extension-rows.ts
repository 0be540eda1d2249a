import { randomUUIDv7 } from 'node:crypto'
import type { Ticket } from '../access/ticket.ts'
import type { Viewer } from '../access/viewer.ts'
import { recordRequests } from '../store/request-facts.ts'
import { sql } from '../store/sql.ts'
import type { Transaction } from '../store/store.ts'
import { awaitApprovals } from './awaited-rows.ts'
import { insertAsk } from './request-rows.ts'
import type { Outcome } from './waiting-grants.ts'

/** What is asked of a grant. */
export interface ExtensionDetails {
  readonly grantId: string
  readonly justification: string | null
  readonly ticket: Ticket | null
  /** Length of the window, in seconds from the extension; null when an absolute end was asked. */
  readonly durationSeconds: number | null
  /** The absolute end asked for. */
  readonly endsAt: Date | null
  /** The end that the grant has. */
  readonly previousEndsAt: Date
  /** The database's moment of the request. */
  readonly now: Date
  /** The right to ask is held by configuration, not by an assigned role. */
  readonly configured: boolean
  /** The moment by which it is to be approved; null when nobody has to. */
  readonly decideBy: Date | null
}

/** Writes the request that an extension is, and its fact: waiting for approval when it needs that. Its id is the answer. */
export async function insertExtension(tx: Transaction, viewer: Viewer, details: ExtensionDetails): Promise<string> {
  const { grantId, durationSeconds, endsAt, previousEndsAt, decideBy } = details
  const requestId = randomUUIDv7()
  await insertAsk(tx, viewer, requestId, { ...details, startsAt: null })
  await tx.execute(sql`
    insert into extensions (request_id, grant_id, duration_seconds, ends_at, previous_ends_at)
    values (${requestId}, ${grantId}::uuid, ${durationSeconds}, ${endsAt?.toISOString() ?? null}::timestamptz,
      ${previousEndsAt.toISOString()}::timestamptz)`)
  if (decideBy !== null) await awaitApprovals(tx, [grantId])
  await recordRequests(tx, [requestId], 'AccessRequested', viewer.actor)
  return requestId
}

/** Whether an extension of a grant, which the caller holds, waits for approval. */
export async function isWaiting(tx: Transaction, grantId: string): Promise<boolean> {
  const { rowCount } = await tx.execute(sql`
    select 1 from extensions x join requests r on r.id = x.request_id
    where x.grant_id = ${grantId}::uuid and x.extended_at is null and r.status = 'PENDING_APPROVAL'`)
  return rowCount !== 0
}

/** Why nothing comes of an extension that was approved, of a grant that the caller holds; null when it can take effect. */
export async function whyInVain(tx: Transaction, { grant, until, refusals }: Outcome): Promise<string | null> {
  const { rows } = await tx.execute<{ open: boolean; later: boolean }>(sql`
    select state = 'ACTIVE' and ends_at > gateway_now() as open,
      ends_at < ${until?.toISOString() ?? null}::timestamptz as later
    from grants where id = ${grant.id}::uuid`)
  if (rows[0]?.open !== true) return 'The grant had ended by then.'
  if (until === null)
    return refusals.map(({ message }) => message).join(' ') || 'The end that was asked for had passed.'
  return rows[0].later ? null : 'The grant runs as long as it is.'
}
