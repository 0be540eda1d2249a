import { actions } from '../access/role.ts'
import type { UserError } from '../access/user-error.ts'
import { may } from '../access/viewer.ts'
import { nothingSaid } from '../store/request-facts.ts'
import { closeRequests } from './close-request.ts'
import type { CommandContext, Outcome } from './command.ts'
import { approverOfNow, holdRequest, readRequestGrants } from './held-request.ts'
import { lapse } from './lapse-requests.ts'

/** Takes back the caller's own request, as long as any of it waits: for approval, or for its beginning. */
export async function withdrawRequest(
  { store, viewer }: CommandContext,
  input: { readonly requestId: string },
): Promise<Outcome> {
  const { requestId } = input
  return store.db.transaction(async (tx) => {
    const grants = await readRequestGrants(tx, requestId)
    if (grants === null) return refused(notFound)
    if (grants[0]?.requester.actor.id !== viewer.actor.id) {
      const sees = grants.some(({ vmId }) => may(viewer, actions.readGrant, vmId))
      return refused(sees || (await approverOfNow(tx, viewer, grants)).length > 0 ? notRequester : notFound)
    }
    const request = await holdRequest(tx, requestId)
    if (request === null) return refused(notFound)
    const { status, overdue, states } = request
    if (status === 'WITHDRAWN') return { id: requestId, userErrors: [] }
    if (status === 'PENDING_APPROVAL' && overdue) {
      await lapse(tx, [requestId])
      return { id: requestId, userErrors: [over] }
    }
    const scheduled = [...states.values()].includes('SCHEDULED')
    if (status !== 'PENDING_APPROVAL' && !scheduled) return refused(over)
    await closeRequests(tx, [requestId], 'WITHDRAWN', viewer.actor, nothingSaid)
    return { id: requestId, userErrors: [] }
  })
}

const notFound: UserError = {
  code: 'NOT_FOUND',
  field: ['requestId'],
  message: 'There is no such request, or you may not see it.',
}
const notRequester: UserError = {
  code: 'NOT_PERMITTED',
  field: ['requestId'],
  action: 'requester of the request',
  message: 'Only its requester can withdraw a request; an approver denies it, an operator revokes its grants.',
}
const over: UserError = {
  code: 'CONFLICT',
  field: ['requestId'],
  message: 'Nothing of the request waits any more: release the grants that it led to.',
}

const refused = (error: UserError): Outcome => ({ id: null, userErrors: [error] })
