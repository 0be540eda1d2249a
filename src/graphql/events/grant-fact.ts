import { grantFactKinds, type GrantFactKind } from '../../access/fact-kinds.ts'
import { actions } from '../../access/role.ts'
import { may, type Viewer } from '../../access/viewer.ts'
import type { Activity } from '../../activity/activity.ts'

/** A fact of a grant's life, as the log holds it: all that an event shows without another read. */
export interface GrantFact extends Activity<GrantFactKind> {
  readonly grantId: string
  readonly vmId: string
  readonly requesterId: string
}

/** A fact that does not say whose grant it is about, or where, cannot be authorised: it is none. */
export function isGrantFact(fact: Activity): fact is GrantFact {
  const { grantId, vmId, requesterId } = fact
  return kinds.has(fact.kind) && grantId !== null && vmId !== null && requesterId !== null
}

/** Own grants always; those of others where the viewer may read grants. */
export function maySee(viewer: Viewer, fact: GrantFact): boolean {
  return fact.requesterId === viewer.actor.id || may(viewer, actions.readGrant, fact.vmId)
}

const kinds: ReadonlySet<string> = new Set(grantFactKinds)
