import type { ActivityAsked, ActivityPart, ActivityParts } from '../../graphql/downloads/activity-parts.ts'
import type { Store } from '../../store/store.ts'
import type { Authentication } from '../identity/authenticator.ts'

/** The roles by which a download was begun are no longer those of its caller. */
export class RolesChanged extends Error {
  override readonly name = 'RolesChanged'
}

/** Reads parts of the log by the roles that the caller holds when each is read. */
export interface JudgedParts {
  /** Fails with `RolesChanged` when they are other ones than those of the part before. */
  read(asked: ActivityAsked): Promise<ActivityPart>
}

/** How often a part is read again since roles changed, somebody's or other, while it was read. */
const MOST_READINGS = 5

export function createJudgedParts(parts: ActivityParts, store: Store, begunBy: Authentication): JudgedParts {
  let caller = begunBy
  let begun = false
  return {
    async read(asked) {
      for (let reading = 0; reading < MOST_READINGS; reading++) {
        const part = await parts.read(store, caller.viewer, asked)
        if (part.rolesVersion === caller.rolesVersion) {
          begun = true
          return part
        }
        const now = await caller.current()
        // Of others, mostly: the same roles go on under another version. Those remembered may be of before the beginning.
        if (begun && JSON.stringify(now.viewer.rolesHeld) !== JSON.stringify(caller.viewer.rolesHeld))
          throw new RolesChanged('The roles of the caller changed.')
        caller = now
      }
      throw new RolesChanged('Roles change faster than they can be read.')
    },
  }
}
