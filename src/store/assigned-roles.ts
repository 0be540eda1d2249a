import { sql } from 'drizzle-orm'
import type { Action, PrincipalKind, Role } from '../access/role.ts'
import type { Principal, RoleHeld } from '../access/viewer.ts'
import type { Transaction } from './store.ts'

/** What is selected of an assignment `a` and of the role `c` that people made, if it is of one. */
export const assignedColumns = `a.id, a.principal_kind, a.principal_id, a.role, a.scope, iso(a.ends_at) as ends_at,
  c.id as custom_id, c.name as custom_name, c.actions as custom_actions`

/** An assignment as it was selected. */
export interface AssignedRow extends Record<string, unknown> {
  readonly id: string
  readonly principal_kind: PrincipalKind
  readonly principal_id: string
  /** Null for a role that people made. */
  readonly role: Role | null
  readonly scope: string
  readonly ends_at: string | null
  readonly custom_id: string
  readonly custom_name: string
  readonly custom_actions: readonly Action[]
}

export function toRoleHeld(row: AssignedRow): RoleHeld {
  return {
    role: row.role ?? { id: row.custom_id, name: row.custom_name, actions: row.custom_actions },
    scope: row.scope,
    by: {
      assignmentId: row.id,
      principalKind: row.principal_kind,
      principalId: row.principal_id,
      endsAt: row.ends_at,
    },
  }
}

/**
 * The roles that are assigned now to each of these principals, to its groups and to its app roles; in their order. What
 * has ended by the database's clock is not among them.
 */
export async function assignedRoles(
  tx: Transaction,
  principals: readonly Principal[],
): Promise<readonly (readonly RoleHeld[])[]> {
  const asked = principals.map(({ actor, groups, appRoles }, place) => ({ place, id: actor.id, groups, appRoles }))
  const { rows } = await tx.execute<AssignedRow & { readonly place: number }>(sql`
    select p.place, ${sql.raw(assignedColumns)}
    from jsonb_to_recordset(${JSON.stringify(asked)}::jsonb) as p(place int, id text, groups jsonb, "appRoles" jsonb)
    join role_assignments a on (a.principal_kind = 'USER' and a.principal_id = p.id)
      or (a.principal_kind = 'GROUP' and p.groups ? a.principal_id)
      or (a.principal_kind = 'APP_ROLE' and p."appRoles" ? a.principal_id)
    left join custom_roles c on c.id = a.custom_role_id
    where a.ends_at is null or a.ends_at > (select gateway_now())
    order by a.id`)
  const byPlace = Map.groupBy(rows, ({ place }) => place)
  return principals.map((_principal, place) => (byPlace.get(place) ?? []).map(toRoleHeld))
}
