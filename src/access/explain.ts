import { actionsOf, roleNames, roles, type Action, type Role } from './role.ts'
import { allowing, type RoleHeld, type Viewer } from './viewer.ts'

/** Why somebody may do an action at a scope, or what they lack. */
export interface Explanation {
  /** The roles that allow it; empty when it is not allowed. */
  readonly allowedBy: readonly RoleHeld[]
  /** Roles that allow it where they are held, which is elsewhere. */
  readonly heldElsewhere: readonly RoleHeld[]
  /** Built-in roles that would allow it, those that allow the least first. */
  readonly wouldAllow: readonly Role[]
}

export function explain(viewer: Viewer, action: Action, scope: string): Explanation {
  const allowedBy = allowing(viewer, action, scope)
  return {
    allowedBy,
    heldElsewhere: viewer.rolesHeld.filter(
      (held) => actionsOf(held.role).includes(action) && !allowedBy.includes(held),
    ),
    wouldAllow: roleNames
      .filter((name) => roles[name].includes(action))
      .toSorted((one, other) => roles[one].length - roles[other].length),
  }
}
