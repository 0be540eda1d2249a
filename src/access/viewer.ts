import { actions, actionsOf, type Action, type CustomRole, type PrincipalKind, type Role } from './role.ts'
import { accountOf, accountScope, resourceGroupOf, scopeContains } from './scope.ts'
import type { Actor } from './words.ts'

/** A role held at a scope. */
export interface RoleHeld {
  readonly role: Role | CustomRole
  readonly scope: string
  /** How it came to be held; absent for what the configuration gives. */
  readonly by?: HeldBy
}

/** The assignment a role is held by: to the viewer, or to a group or an app role of theirs. */
export interface HeldBy {
  readonly assignmentId: string
  readonly principalKind: PrincipalKind
  readonly principalId: string
  /** ISO 8601; null when it has no end. */
  readonly endsAt: string | null
}

/** Whom a token speaks for. Whoever is alike in all of this holds the same roles. */
export interface Principal {
  readonly actor: Actor
  readonly groups: readonly string[]
  readonly appRoles: readonly string[]
}

/** Whoever asks: an authenticated principal and the roles held. Everything shown or done is decided against it. */
export interface Viewer extends Principal {
  readonly rolesHeld: readonly RoleHeld[]
  /**
   * When the first of these roles ends: they count no longer than that. In milliseconds since the epoch by this
   * process's clock, which was only the stopwatch; absent when none of them ends.
   */
  readonly rolesUntil?: number
  /** The address the call came from, behind trusted proxies; null when it cannot be told. */
  readonly address: string | null
}

/**
 * Where a viewer may do an action, in the form SQL predicates take: everything, or any of these accounts, resource
 * groups and virtual machines. All empty and `everywhere` false means nowhere.
 */
export interface Reach {
  readonly everywhere: boolean
  readonly accountIds: readonly string[]
  readonly resourceGroupIds: readonly string[]
  readonly vmIds: readonly string[]
}

/** Where `viewer` may do `action`. It is worked out once for as long as the same roles are held. */
export function reachOf({ rolesHeld }: Viewer, action: Action): Reach {
  const known = reaches.get(rolesHeld) ?? new Map<Action, Reach>()
  reaches.set(rolesHeld, known)
  const reach = known.get(action) ?? workOut(rolesHeld, action)
  known.set(action, reach)
  return reach
}

const reaches = new WeakMap<Viewer['rolesHeld'], Map<Action, Reach>>()

/**
 * At which levels `viewer` reaches anything, for every action. One text for all who hold roles in the same way,
 * wherever that may be.
 */
export function levelsOf(viewer: Viewer): string {
  const known = levels.get(viewer.rolesHeld)
  if (known !== undefined) return known
  const text = Object.values(actions).map((action) => {
    const { everywhere, accountIds, resourceGroupIds, vmIds } = reachOf(viewer, action)
    if (everywhere) return '/'
    return [accountIds, resourceGroupIds, vmIds].map((ids) => (ids.length === 0 ? '-' : '+')).join('')
  })
  levels.set(viewer.rolesHeld, text.join(' '))
  return text.join(' ')
}

const levels = new WeakMap<Viewer['rolesHeld'], string>()

function workOut(rolesHeld: Viewer['rolesHeld'], action: Action): Reach {
  return levelled(rolesHeld.filter(({ role }) => actionsOf(role).includes(action)).map(({ scope }) => scope))
}

/** Scopes by what they are. */
function levelled(scopes: readonly string[]): Reach {
  const accountIds: string[] = []
  const resourceGroupIds: string[] = []
  const vmIds: string[] = []
  for (const scope of scopes) {
    const account = accountOf(scope)
    if (account !== null && scope === accountScope(account)) accountIds.push(account)
    else if (resourceGroupOf(scope) === scope) resourceGroupIds.push(scope)
    else if (scope !== '/') vmIds.push(scope)
  }
  return { everywhere: scopes.includes('/'), accountIds, resourceGroupIds, vmIds }
}

/** The part of that reach which lies in `scope`. */
export function reachWithin(viewer: Viewer, action: Action, scope: string): Reach {
  const reach = reachOf(viewer, action)
  if (scope === '/') return reach
  if (may(viewer, action, scope)) return levelled([scope])
  const { accountIds, resourceGroupIds, vmIds } = reach
  const held = [...accountIds.map(accountScope), ...resourceGroupIds, ...vmIds]
  return levelled(held.filter((one) => scopeContains(scope, one)))
}

/** Whether `viewer` may do `action` at `scope` (a resource id, an account's or resource group's path, or `/`). */
export function may(viewer: Viewer, action: Action, scope: string): boolean {
  return allowing(viewer, action, scope).length > 0
}

/** The roles by which `viewer` may do `action` at `scope`. */
export function allowing({ rolesHeld }: Viewer, action: Action, scope: string): readonly RoleHeld[] {
  return rolesHeld.filter((held) => actionsOf(held.role).includes(action) && scopeContains(held.scope, scope))
}

/** Whether `viewer` may do `action` at `scope`, or somewhere below it. */
export function mayWithin(viewer: Viewer, action: Action, scope: string): boolean {
  return (
    may(viewer, action, scope) ||
    viewer.rolesHeld.some((held) => actionsOf(held.role).includes(action) && scopeContains(scope, held.scope))
  )
}
