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

/**
 * A grant with all that it was asked with, to be evaluated again before it opens; or one that is open, with what is asked
 * for by its extension.
 */
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
  /** What is asked for is a later end of it. */
  readonly extends: boolean
}

/** Reads what was asked for, as `which` selects it from `requested_ports` p: without a lock, for it never changes. */
export async function readWaiting(tx: Transaction, which: SQL): Promise<readonly WaitingGrant[]> {
  const { rows } = await tx.execute<WaitingGrant>(sql`
    select p.id, p.request_id as "requestId", p.vm_id as "vmId", p.port, p.protocol, p.sources, p.state,
      p.duration_seconds as "durationSeconds", iso(p.starts_at) as "startsAt", iso(p.ends_at) as "endsAt", p.extends,
      jsonb_build_object('actor', jsonb_build_object('kind', r.requester_kind, 'id', r.requester_id,
        'name', r.requester_name), 'groups', r.requester_groups, 'appRoles', r.requester_app_roles) as requester,
      r.requester_configured as configured, r.justification,
      case when r.ticket_id is not null then jsonb_build_object('id', r.ticket_id, 'system', r.ticket_system) end as ticket
    from requested_ports p join requests r on r.id = p.request_id where ${which} order by p.id`)
  return rows
}

/** What a grant comes to when it was evaluated again. */
export interface Outcome {
  readonly grant: WaitingGrant
  /** Of one that is to be extended: ACTIVE when it can be, and CLOSED when nothing comes of it. */
  readonly state: 'SCHEDULED' | 'OPENING' | 'CLOSED' | 'ACTIVE'
  readonly endReason: EndReason | null
  readonly refusals: readonly Refusal[]
  /** The end that an extension gives it; null for what is no extension, and when nothing comes of it. */
  readonly until: Date | null
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
    until: null,
  })
  if (endsAt !== null && Date.parse(endsAt) <= now.getTime()) return closed('LAPSED')
  const [permission] = permitted
  if (permission === undefined)
    return closed(machine?.gone === true ? 'VM_GONE' : 'POLICY_CHANGED', userErrors.map(refusal))
  if (grant.extends) {
    const until = endsAt === null ? new Date(now.getTime() + permission.durationSeconds * 1_000) : new Date(endsAt)
    return { grant, state: 'ACTIVE', endReason: null, refusals: [], until }
  }
  const early = startsAt !== null && Date.parse(startsAt) > now.getTime()
  return { grant, state: early ? 'SCHEDULED' : 'OPENING', endReason: null, refusals: [], until: null }
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
