import type { Refusal } from '../access/facts.ts'
import type { PortKey } from '../access/policy.ts'
import type { Ticket } from '../access/ticket.ts'
import type { UserError } from '../access/user-error.ts'
import type { Principal, Viewer } from '../access/viewer.ts'
import type { EndReason, GrantState } from '../access/words.ts'
import { assignedRoles } from '../store/assigned-roles.ts'
import { sql, type SQL } from '../store/sql.ts'
import type { Transaction } from '../store/store.ts'
import { evaluateTargets, type Judgement } from './evaluate-targets.ts'

/** A grant with all that it was asked with, to be evaluated again before it opens. */
export interface WaitingGrant extends PortKey, Record<string, unknown> {
  readonly id: string
  readonly requestId: string
  readonly vmId: string
  readonly sources: readonly string[]
  readonly state: GrantState
  readonly durationSeconds: number | null
  /** ISO 8601. */
  readonly startsAt: string | null
  /** ISO 8601. */
  readonly endsAt: string | null
  readonly requester: Principal
  /** The right to ask was held by configuration. */
  readonly configured: boolean
  readonly justification: string | null
  readonly ticket: Ticket | null
}

/** Reads the grants that `which` selects, without a lock: what was asked for never changes. */
export async function readWaiting(tx: Transaction, which: SQL): Promise<readonly WaitingGrant[]> {
  const { rows } = await tx.execute<WaitingGrant>(sql`
    select g.id, g.request_id as "requestId", g.vm_id as "vmId", g.port, g.protocol, g.sources, g.state,
      g.duration_seconds as "durationSeconds", iso(g.starts_at) as "startsAt", iso(g.ends_at) as "endsAt",
      jsonb_build_object('actor', jsonb_build_object('kind', r.requester_kind, 'id', r.requester_id,
        'name', r.requester_name), 'groups', r.requester_groups, 'appRoles', r.requester_app_roles) as requester,
      r.requester_configured as configured, r.justification,
      case when r.ticket_id is not null then jsonb_build_object('id', r.ticket_id, 'system', r.ticket_system) end as ticket
    from grants g join requests r on r.id = g.request_id where ${which} order by g.id`)
  return rows
}

/** What a grant comes to when it was evaluated again. */
export interface Outcome {
  readonly grant: WaitingGrant
  readonly state: 'SCHEDULED' | 'OPENING' | 'CLOSED'
  readonly endReason: EndReason | null
  readonly refusals: readonly Refusal[]
}

/**
 * Evaluates grants again as if they were asked for now, by the roles that their requesters hold now. Policies are held.
 */
export async function evaluateAgain(tx: Transaction, grants: readonly WaitingGrant[]): Promise<readonly Outcome[]> {
  const clock = await tx.execute<{ now: string }>(sql`select iso(gateway_now()) as now`)
  const now = new Date((clock.rows[0] as { now: string }).now)
  const held = await assignedRoles(
    tx,
    grants.map(({ requester }) => requester),
  )
  const judged = await evaluateTargets(
    tx,
    grants.map((grant, place) => {
      const { requester, sources, justification, ticket, port, protocol, vmId } = grant
      const access = { requesterId: requester.actor.id, sources, justification, ticket, ...windowLeft(grant, now) }
      const viewer = viewerOf(grant, held[place] ?? [])
      return { viewer, target: { vmId, ports: [{ port, protocol }] }, access }
    }),
  )
  return grants.map((grant, place) => outcomeOf(grant, judged[place] as Judgement, now))
}

function viewerOf({ requester, configured }: WaitingGrant, assigned: Viewer['rolesHeld']): Viewer {
  const rolesHeld = configured ? [{ role: 'POLICY_ADMIN' as const, scope: '/' }, ...assigned] : assigned
  return { ...requester, rolesHeld, address: null }
}

/** How long the window will be; of an absolute end, what is left of it. */
function windowLeft({ durationSeconds, startsAt, endsAt }: WaitingGrant, now: Date) {
  if (endsAt === null) return { durationSeconds, endsAt: null }
  const from = Math.max(now.getTime(), startsAt === null ? 0 : Date.parse(startsAt))
  return { durationSeconds: Math.ceil((Date.parse(endsAt) - from) / 1_000), endsAt: new Date(endsAt) }
}

function outcomeOf(grant: WaitingGrant, { permitted, userErrors, machine }: Judgement, now: Date): Outcome {
  const { startsAt, endsAt } = grant
  const closed = (endReason: EndReason, refusals: readonly Refusal[] = []): Outcome => ({
    grant,
    state: 'CLOSED',
    endReason,
    refusals,
  })
  if (endsAt !== null && Date.parse(endsAt) <= now.getTime()) return closed('LAPSED')
  if (permitted.length === 0)
    return closed(machine?.gone === true ? 'VM_GONE' : 'POLICY_CHANGED', userErrors.map(refusal))
  const early = startsAt !== null && Date.parse(startsAt) > now.getTime()
  return { grant, state: early ? 'SCHEDULED' : 'OPENING', endReason: null, refusals: [] }
}

function refusal(error: UserError): Refusal {
  const { code, message } = error
  if (code === 'POLICY_VIOLATION') {
    const { constraint, allowed, asked } = error
    return { code, constraint, message, allowed, asked }
  }
  const none = { constraint: null, allowed: [], asked: null }
  // What is told to whoever asks is here told of them.
  if (code === 'NOT_FOUND' || code === 'NOT_PERMITTED')
    return { ...none, code: 'NOT_PERMITTED', message: 'Its requester may no longer ask for access to this machine.' }
  return { ...none, code, message }
}
