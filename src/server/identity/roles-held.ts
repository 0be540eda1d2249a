import type { PrincipalKind, Role } from '../../access/role.ts'
import type { Principal, RoleHeld } from '../../access/viewer.ts'
import type { Store } from '../../store/store.ts'

/** A principal that holds POLICY_ADMIN everywhere by configuration, so that there is somebody to assign the first role. */
export interface BootstrapAdmin {
  readonly kind: PrincipalKind
  readonly id: string
}

/** The roles of a principal, and the version of all assignments at which they were read. */
export interface Held {
  readonly rolesHeld: readonly RoleHeld[]
  readonly rolesVersion: string
}

/** Reads `user:<id>`, `group:<id>` or `app_role:<name>`. */
export function parseBootstrapAdmin(text: string): BootstrapAdmin {
  const colon = text.indexOf(':')
  return { kind: text.slice(0, colon).toUpperCase() as PrincipalKind, id: text.slice(colon + 1) }
}

const statement = {
  name: 'roles_held',
  text: `select v.version::text, a.role, a.scope from role_versions v left join (
      select distinct role, scope from role_assignments
      where (principal_kind = 'USER' and principal_id = $1)
         or (principal_kind = 'GROUP' and principal_id = any($2::text[]))
         or (principal_kind = 'APP_ROLE' and principal_id = any($3::text[]))
    ) a on true`,
}

/** The roles assigned to a principal, its groups and its app roles. One statement; fails when the database is away. */
export async function rolesHeldBy(
  principal: Principal,
  store: Store,
  bootstrapAdmin: BootstrapAdmin | null,
): Promise<Held> {
  const values = [principal.actor.id, principal.groups, principal.appRoles]
  const { rows } = await store.pool.query<{ version: string; role: Role | null; scope: string }>({
    ...statement,
    values,
  })
  const assigned = rows.flatMap(({ role, scope }) => (role === null ? [] : [{ role, scope }]))
  const everywhere = bootstrapAdmin !== null && isOne(principal, bootstrapAdmin)
  return {
    rolesHeld: everywhere ? [{ role: 'POLICY_ADMIN', scope: '/' }, ...assigned] : assigned,
    rolesVersion: rows[0]?.version ?? '0',
  }
}

function isOne(principal: Principal, { kind, id }: BootstrapAdmin): boolean {
  if (kind === 'USER') return principal.actor.id === id
  return (kind === 'GROUP' ? principal.groups : principal.appRoles).includes(id)
}
