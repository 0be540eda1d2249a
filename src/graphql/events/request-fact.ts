import { isApprover } from '../../access/approval.ts'
import { requestFactKinds, type RequestFactKind } from '../../access/fact-kinds.ts'
import { actions } from '../../access/role.ts'
import { may, type Viewer } from '../../access/viewer.ts'
import type { Activity } from '../../activity/activity.ts'

/** A fact about a request, as the log holds it: all that an event shows without another read. */
export interface RequestFact extends Activity<RequestFactKind> {
  readonly requestId: string
  readonly requesterId: string
}

/** A fact that does not say whose request it is about, or where it asked for access, cannot be authorised: it is none. */
export function isRequestFact(fact: Activity): fact is RequestFact {
  return kinds.has(fact.kind) && fact.requestId !== null && fact.requesterId !== null && 'vmIds' in fact.detail
}

/**
 * Whether a request waited for a decision of the viewer until this moment, by the policies of then and the roles and
 * groups held now. Nobody is asked about what they asked for themselves.
 */
export function awaited(viewer: Viewer, fact: RequestFact): boolean {
  return fact.detail.vmIds.some((vmId) => awaitedAt(viewer, fact, vmId))
}

function awaitedAt(viewer: Viewer, { requesterId, detail }: RequestFact, vmId: string): boolean {
  if (requesterId === viewer.actor.id) return false
  return detail.awaited.some(({ approvers, vmIds }) => vmIds.includes(vmId) && isApprover(viewer, approvers, vmId))
}

/** Own requests always, those of others where the viewer may read grants, and those that it is to decide or decided. */
export function maySee(viewer: Viewer, fact: RequestFact): boolean {
  const { deciders, vmIds } = fact.detail
  return deciders.includes(viewer.actor.id) || vmIds.some((vmId) => maySeeAt(viewer, fact, vmId))
}

/** Whether the viewer may know that a request asked for a machine. */
export function maySeeAt(viewer: Viewer, fact: RequestFact, vmId: string): boolean {
  return fact.requesterId === viewer.actor.id || may(viewer, actions.readGrant, vmId) || awaitedAt(viewer, fact, vmId)
}

const kinds: ReadonlySet<string> = new Set(requestFactKinds)
