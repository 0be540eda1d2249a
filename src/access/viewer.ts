import { actions, roles, type Action, type Role } from './role.ts'
import { accountOf, accountScope, resourceGroupOf, scopeContains } from './scope.ts'
import type { Actor } from './words.ts'

/** A role held at a scope. */
export interface RoleHeld {
  readonly role: Role
  readonly scope: string
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
  const accountIds: string[] = []
  const resourceGroupIds: string[] = []
  const vmIds: string[] = []
  let everywhere = false
  for (const { role, scope } of rolesHeld) {
    if (!roles[role].includes(action)) continue
    const account = accountOf(scope)
    if (scope === '/') everywhere = true
    else if (account !== null && scope === accountScope(account)) accountIds.push(account)
    else if (resourceGroupOf(scope) === scope) resourceGroupIds.push(scope)
    else vmIds.push(scope)
  }
  return { everywhere, accountIds, resourceGroupIds, vmIds }
}

/** Whether `viewer` may do `action` at `scope` (a resource id, an account's or resource group's path, or `/`). */
export function may(viewer: Viewer, action: Action, scope: string): boolean {
  return viewer.rolesHeld.some((held) => roles[held.role].includes(action) && scopeContains(held.scope, scope))
}
