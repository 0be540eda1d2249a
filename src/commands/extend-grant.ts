import { noLater, notOpen } from '../access/extension.ts'
import { actions } from '../access/role.ts'
import { readTicket, type Ticket } from '../access/ticket.ts'
import type { UserError } from '../access/user-error.ts'
import { may, type Viewer } from '../access/viewer.ts'
import { justificationErrors, readWindow, type WindowInput } from '../access/window.ts'
import type { GrantState, Protocol } from '../access/words.ts'
import { extendTo } from '../store/extensions.ts'
import { sql } from '../store/sql.ts'
import type { Transaction } from '../store/store.ts'
import type { CommandContext } from './command.ts'
import { isConfigured } from './configured-right.ts'
import { evaluateTargets } from './evaluate-targets.ts'
import { insertExtension, isWaiting } from './extension-rows.ts'
import { once } from './idempotency.ts'
import { lastMoment } from './request-rows.ts'

/** What is asked: a window that begins now, or ends at a moment. Neither is the longest that the policy allows. */
export interface ExtendGrantInput extends Pick<WindowInput, 'durationSeconds' | 'endsAt'> {
  readonly grantId: string
  readonly justification?: string | null
  readonly ticket?: { readonly id: string; readonly system?: string | null } | null
  readonly idempotencyKey?: string | null
}

/** The answer of an extension: the request it is, and the grant it is of. */
export interface ExtensionOutcome {
  readonly requestId: string | null
  readonly grantId: string | null
  readonly userErrors: readonly UserError[]
}

/**
 * Extends the caller's own open grant, as if its port were asked for from zero; where that needs approval, so does this,
 * and the grant keeps its end until it is approved. Its rules stay where they are: nobody is cut off in between, and
 * whichever comes first, its end or the extension, the other finds it so.
 */
export async function extendGrant(context: CommandContext, input: ExtendGrantInput): Promise<ExtensionOutcome> {
  const { ticket, userErrors: ticketErrors } = readTicket(input.ticket)
  const userErrors = [...justificationErrors(input.justification), ...ticketErrors]
  if (userErrors.length > 0) return refused(...userErrors)
  const { idempotencyKey: key = null, ...body } = input
  const said = { justification: input.justification?.trim() || null, ticket }
  const answer = await once<ExtensionOutcome>(
    context,
    { verb: 'extendGrant', key, body },
    ({ requestId }) => requestId !== null,
    (tx) => extend(tx, context.viewer, input, said),
  )
  return 'code' in answer ? refused(answer) : answer
}

async function extend(
  tx: Transaction,
  viewer: Viewer,
  { grantId, durationSeconds = null, endsAt = null }: ExtendGrantInput,
  said: { readonly justification: string | null; readonly ticket: Ticket | null },
): Promise<ExtensionOutcome> {
  const found = await findGrant(tx, grantId)
  const refusal = refusalOf(viewer, found)
  if (refusal !== null || found === undefined) return refused(refusal ?? notFound)
  const window = readWindow({ durationSeconds, endsAt }, found.now)
  if (window.userErrors.length > 0) return refused(...window.userErrors)
  const { vmId, sources, port, protocol } = found
  const access = { ...said, requesterId: viewer.actor.id, sources, durationSeconds: window.durationSeconds, endsAt }
  const asks = [{ viewer, target: { vmId, ports: [{ port, protocol }] }, access }]
  const [judged] = await evaluateTargets(tx, asks)

  // Policies were held first, and what time it is was read after the grant was: so no end can have passed since.
  const held = await holdGrant(tx, grantId)
  const closed = notOpen(held.state, held.endsAt, held.now)
  if (closed !== null || held.endsAt === null) return refused(closed ?? notFound)
  const [permitted] = judged?.permitted ?? []
  if (permitted === undefined) return refused(...(judged?.userErrors ?? []).map(ofGrant))
  const to = endsAt ?? new Date(held.now.getTime() + permitted.durationSeconds * 1_000)
  const sooner = noLater(to, held.endsAt, endsAt === null ? 'duration' : 'endsAt')
  if (sooner !== null) return refused(sooner)
  if (await isWaiting(tx, grantId)) return refused(waiting)

  const { now, endsAt: previousEndsAt } = held
  const decideBy = lastMoment([permitted], { now, endsAt: previousEndsAt })
  const configured = decideBy !== null && (await isConfigured(tx, viewer, [vmId]))
  const asked = { durationSeconds: endsAt === null ? permitted.durationSeconds : null, endsAt }
  const requestId = await insertExtension(tx, viewer, {
    ...said,
    ...asked,
    grantId,
    previousEndsAt,
    now,
    configured,
    decideBy,
  })
  if (decideBy === null) await extendTo(tx, requestId, to, viewer.actor)
  else await tx.execute(sql`select pg_notify('jit_due', '')`)
  return { requestId, grantId, userErrors: [] }
}

interface Found extends Record<string, unknown> {
  readonly vmId: string
  readonly requesterId: string
  readonly port: number
  readonly protocol: Protocol
  readonly sources: readonly string[]
  readonly now: Date
}

/** What of a grant never changes, read without a lock, and the database's moment. */
async function findGrant(tx: Transaction, grantId: string): Promise<Found | undefined> {
  const { rows } = await tx.execute<Omit<Found, 'now'> & { now: string }>(sql`
    select vm_id as "vmId", requester_id as "requesterId", port, protocol, sources, iso(gateway_now()) as now
    from grants where id = ${grantId}::uuid`)
  return rows[0] === undefined ? undefined : { ...(rows[0] as unknown as Found), now: new Date(rows[0].now) }
}

/** Locks a grant, and reads how it stands and what time it is when the lock was granted. */
async function holdGrant(tx: Transaction, grantId: string) {
  await tx.execute(sql`select 1 from grants where id = ${grantId}::uuid for no key update`)
  const { rows } = await tx.execute<{ state: GrantState; ends: string | null; now: string }>(sql`
    select state, iso(ends_at) as ends, iso(gateway_now()) as now from grants where id = ${grantId}::uuid`)
  const { state, ends, now } = rows[0] as (typeof rows)[number]
  return { state, endsAt: ends === null ? null : new Date(ends), now: new Date(now) }
}

/** Why `viewer` may not extend a grant; null when it may ask. One that it may not see looks like none. */
function refusalOf(viewer: Viewer, grant: Found | undefined): UserError | null {
  const own = grant?.requesterId === viewer.actor.id
  if (grant === undefined || !(own || may(viewer, actions.readGrant, grant.vmId))) return notFound
  if (own && may(viewer, actions.requestAccess, grant.vmId)) return null
  const message = own ? 'You may no longer ask for access to this machine.' : 'Only its holder can extend a grant.'
  const action = own ? actions.requestAccess : 'holder of the grant'
  return { code: 'NOT_PERMITTED', field, action, message }
}

/** What is said of a target of a request is said of the grant: the input names nothing else. */
function ofGrant(error: UserError): UserError {
  const [first = ''] = error.field
  return first === 'targets' || first === 'sources' ? { ...error, field } : error
}

const field = ['grantId']
const notFound: UserError = { code: 'NOT_FOUND', field, message: 'There is no such grant, or you may not see it.' }
const waiting: UserError = {
  code: 'CONFLICT',
  field,
  message: 'An extension of it waits for approval already: withdraw that request first.',
}

const refused = (...userErrors: readonly UserError[]): ExtensionOutcome => ({
  requestId: null,
  grantId: null,
  userErrors,
})
