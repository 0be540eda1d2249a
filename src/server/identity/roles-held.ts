import type { PrincipalKind } from '../../access/role.ts'
import type { Principal, RoleHeld } from '../../access/viewer.ts'
import { assignedColumns, toRoleHeld, type AssignedRow } from '../../store/assigned-roles.ts'
import { rolesVersionSql } from '../../store/roles-version.ts'
import type { Store } from '../../store/store.ts'
import type { Clock } from '../../time/clock.ts'

/** A principal that holds POLICY_ADMIN everywhere by configuration, so that there is somebody to assign the first role. */
export interface BootstrapAdmin {
  readonly kind: PrincipalKind
  readonly id: string
}

/** The roles of a principal, and the version of all that is assigned at which they were read. */
export interface Held {
  readonly rolesHeld: readonly RoleHeld[]
  readonly rolesVersion: string
  /** When the first of them ends, as in `Viewer`. */
  readonly rolesUntil?: number
}

/** Where roles are read from. */
export interface RoleSource {
  readonly store: Store
  readonly clock: Clock
  readonly bootstrapAdmin: BootstrapAdmin | null
}

/** Reads `user:<id>`, `group:<id>` or `app_role:<name>`. */
export function parseBootstrapAdmin(text: string): BootstrapAdmin {
  const colon = text.indexOf(':')
  return { kind: text.slice(0, colon).toUpperCase() as PrincipalKind, id: text.slice(colon + 1) }
}

/** Version and assignments by one and the same moment: one that ends in between would else be kept as current. */
const statement = {
  name: 'roles_held',
  text: `with moment as materialized (select gateway_now() as now)
    select ${rolesVersionSql('(select now from moment)')} as version, ${assignedColumns},
      extract(epoch from a.ends_at - m.now)::float8 * 1000 as ends_in_ms
    from moment m left join (
      select * from role_assignments
      where (principal_kind = 'USER' and principal_id = $1)
         or (principal_kind = 'GROUP' and principal_id = any($2::text[]))
         or (principal_kind = 'APP_ROLE' and principal_id = any($3::text[]))
    ) a on a.ends_at is null or a.ends_at > m.now
    left join custom_roles c on c.id = a.custom_role_id
    order by a.id`,
}

type Row = { readonly version: string; readonly ends_in_ms: number | null } & ({ readonly id: null } | AssignedRow)

/** The roles assigned to a principal, its groups and its app roles. One statement; fails when the database is away. */
export async function rolesHeldBy(principal: Principal, { store, clock, bootstrapAdmin }: RoleSource): Promise<Held> {
  // Before the database tells how long they last: they never count longer than it says.
  const asked = clock.now()
  const values = [principal.actor.id, principal.groups, principal.appRoles]
  const { rows } = await store.pool.query<Row>({ ...statement, values })
  const assigned = rows.filter((row) => row.id !== null)
  const held = assigned.map(toRoleHeld)
  const ends = assigned.flatMap((row) => row.ends_in_ms ?? [])
  const everywhere = bootstrapAdmin !== null && isOne(principal, bootstrapAdmin)
  return {
    rolesHeld: everywhere ? [{ role: 'POLICY_ADMIN', scope: '/' }, ...held] : held,
    rolesVersion: rows[0]?.version ?? '0',
    ...(ends.length === 0 ? {} : { rolesUntil: asked + Math.min(...ends) }),
  }
}

function isOne(principal: Principal, { kind, id }: BootstrapAdmin): boolean {
  if (kind === 'USER') return principal.actor.id === id
  return (kind === 'GROUP' ? principal.groups : principal.appRoles).includes(id)
}
