import { randomUUIDv7 } from 'node:crypto'
import type { Ticket } from '../access/ticket.ts'
import type { Viewer } from '../access/viewer.ts'
import { longestOpening, longestOpeningBehindFirewall } from '../access/window.ts'
import type { GrantState } from '../access/words.ts'
import { recordRequests, recordUnopened } from '../store/request-facts.ts'
import { sql } from '../store/sql.ts'
import type { Transaction } from '../store/store.ts'
import { awaitApprovals } from './awaited-rows.ts'
import type { Permitted } from './judge-target.ts'

/** What every grant of a request shares. */
export interface RequestDetails {
  readonly justification: string | null
  readonly ticket: Ticket | null
  readonly sources: readonly string[]
  /** Null when the window starts at activation. */
  readonly endsAt: Date | null
  /** Null when it is to open as soon as it may. */
  readonly startsAt: Date | null
  /** The database's moment of the request. */
  readonly now: Date
  /** The right to ask is held by configuration, not by an assigned role. */
  readonly configured: boolean
  /** Asked for by break-glass. */
  readonly breakGlass: boolean
}

/** Writes a request, its grants and their facts: waiting for approval when the policy of any of its ports asks for it. */
export async function insertRequest(
  tx: Transaction,
  viewer: Viewer,
  permitted: readonly Permitted[],
  details: RequestDetails,
): Promise<{ readonly requestId: string; readonly grantIds: readonly string[]; readonly state: GrantState }> {
  const { justification, ticket, sources, endsAt, startsAt, now, configured, breakGlass } = details
  const { actor } = viewer
  const requestId = randomUUIDv7()
  const moment = now.toISOString()
  const decideBy = lastMoment(permitted, details)
  const state = beginningState(permitted, startsAt)
  await insertAsk(tx, viewer, requestId, { justification, ticket, startsAt, now, configured, decideBy })
  // Of what waits these are set again when it is opened.
  const openBy = ({ behindFirewall }: Permitted['machine']) =>
    new Date((startsAt ?? now).getTime() + (behindFirewall ? longestOpeningBehindFirewall : longestOpening) * 1_000)
  const rows = permitted.map(({ machine, port, protocol, durationSeconds }) => ({
    id: randomUUIDv7(),
    open: openBy(machine).toISOString(),
    vm: machine.id,
    account: machine.accountId,
    group: machine.resourceGroupId,
    port,
    protocol,
    duration: endsAt === null ? durationSeconds : null,
    latest: (endsAt ?? new Date(openBy(machine).getTime() + durationSeconds * 1_000)).toISOString(),
  }))
  await tx.execute(sql`
    insert into grants (id, request_id, vm_id, account_id, resource_group_id, requester_id, requester_name, port,
      protocol, sources, state, requested_at, duration_seconds, starts_at, ends_at, open_by, latest_end,
      break_glass)
    select g.id, ${requestId}, g.vm, g.account, g."group", ${actor.id}, ${actor.name}, g.port, g.protocol,
      ${sql.param(sources)}::text[], ${state}::grant_state, ${moment}, g.duration,
      ${startsAt?.toISOString() ?? null}::timestamptz, ${endsAt?.toISOString() ?? null}::timestamptz,
      g.open, g.latest, ${breakGlass}
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as g(id uuid, vm text, account text, "group" text, port int,
      protocol protocol, duration int, open timestamptz, latest timestamptz)`)
  const grantIds = rows.map((row) => row.id)
  if (state === 'PENDING_APPROVAL') await awaitApprovals(tx, grantIds)
  await recordRequests(tx, [requestId], 'AccessRequested', actor)
  await recordUnopened(tx, grantIds, actor)
  return { requestId, grantIds, state }
}

/** The state in which the grants of a request begin: all of them wait for approval when any of them needs it. */
export function beginningState(
  permitted: readonly Permitted[],
  startsAt: Date | null,
): Extract<GrantState, 'PENDING_APPROVAL' | 'SCHEDULED' | 'OPENING'> {
  if (permitted.some(({ approval }) => approval !== null)) return 'PENDING_APPROVAL'
  return startsAt === null ? 'OPENING' : 'SCHEDULED'
}

/** Writes the row of a request: pending when there is a moment by which it is to be decided, else approved. */
export async function insertAsk(
  tx: Transaction,
  { actor, groups, appRoles }: Viewer,
  requestId: string,
  ask: Omit<RequestDetails, 'sources' | 'endsAt' | 'breakGlass'> & { readonly decideBy: Date | null },
): Promise<void> {
  const { justification, ticket, startsAt, now, configured } = ask
  const [moment, decideBy] = [now.toISOString(), ask.decideBy?.toISOString() ?? null]
  await tx.execute(sql`
    insert into requests (id, requester_kind, requester_id, requester_name, requester_groups, requester_app_roles,
      requester_configured, justification, ticket_id, ticket_system, starts_at, status, requested_at, decided_at,
      decide_by, look_at)
    values (${requestId}, ${actor.kind}, ${actor.id}, ${actor.name}, ${sql.param(groups)}::text[],
      ${sql.param(appRoles)}::text[], ${configured}, ${justification}, ${ticket?.id ?? null}, ${ticket?.system ?? null},
      ${startsAt?.toISOString() ?? null}::timestamptz, ${decideBy === null ? 'APPROVED' : 'PENDING_APPROVAL'}, ${moment},
      ${decideBy === null ? moment : null}::timestamptz, ${decideBy}::timestamptz, ${decideBy}::timestamptz)`)
}

/**
 * The moment until which a request waits for approval: as long as the most impatient of the rules that it comes under
 * lets it, and not beyond the end that it asks for. Null when no port needs approval.
 */
export function lastMoment(
  permitted: readonly Permitted[],
  { now, endsAt }: Pick<RequestDetails, 'now' | 'endsAt'>,
): Date | null {
  const waits = permitted.flatMap(({ approval }) => approval?.decideWithinSeconds ?? [])
  if (waits.length === 0) return null
  const last = now.getTime() + Math.min(...waits) * 1_000
  return new Date(endsAt === null ? last : Math.min(last, endsAt.getTime()))
}
