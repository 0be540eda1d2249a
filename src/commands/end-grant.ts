import { actions } from '../access/role.ts'
import type { UserError } from '../access/user-error.ts'
import { may, type Viewer } from '../access/viewer.ts'
import type { EndReason, GrantState } from '../access/words.ts'
import { endGrants } from '../store/end-grants.ts'
import { holdWaitingRequests } from '../store/settle-requests.ts'
import { sql } from '../store/sql.ts'
import type { Transaction } from '../store/store.ts'
import type { CommandContext, Outcome } from './command.ts'

interface Found extends Record<string, unknown> {
  readonly vm_id: string
  readonly requester_id: string
  readonly state: GrantState
}

/** States of grants that were never opened: their holder takes them back, having nothing to release. */
const unopened: readonly GrantState[] = ['PENDING_APPROVAL', 'SCHEDULED']

const refused = (error: UserError): Outcome => ({ id: null, userErrors: [error] })

/**
 * Ends a grant that is live or waits, for `reason`. `refusalFor` says why a viewer who may see the grant may not end it so; null when it
 * may. A grant that is already ending is left as it is, and that is no error.
 */
export async function endGrant(
  { store, viewer }: CommandContext,
  grantId: string,
  reason: EndReason,
  refusalFor: (viewer: Viewer, grant: { readonly vmId: string; readonly requesterId: string }) => UserError | null,
): Promise<Outcome> {
  return store.db.transaction(async (tx) => {
    const grant = await lockGrant(tx, grantId)
    const own = grant?.requester_id === viewer.actor.id
    if (grant === undefined || !(own || may(viewer, actions.readGrant, grant.vm_id)))
      return refused({
        code: 'NOT_FOUND',
        field: ['grantId'],
        message: 'There is no such grant, or you may not see it.',
      })
    const refusal = refusalFor(viewer, { vmId: grant.vm_id, requesterId: grant.requester_id })
    if (refusal !== null) return refused(refusal)
    if (grant.state === 'CLOSED' || grant.state === 'OPEN_FAILED')
      return refused({ code: 'CONFLICT', field: ['grantId'], message: 'The grant has already ended.' })
    const why = reason === 'RELEASED' && unopened.includes(grant.state) ? 'WITHDRAWN' : reason
    await endGrants(tx, { grantIds: [grantId] }, why, viewer.actor)
    return { id: grantId, userErrors: [] }
  })
}

async function lockGrant(tx: Transaction, grantId: string): Promise<Found | undefined> {
  // Requests before grants, as everybody locks them.
  await holdWaitingRequests(tx, sql`id = ${grantId}::uuid`)
  const { rows } = await tx.execute<Found>(sql`
    select vm_id, requester_id, state from grants where id = ${grantId}::uuid for no key update`)
  return rows[0]
}
