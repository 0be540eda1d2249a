import { sql } from 'drizzle-orm'
import type { Role } from '../access/role.ts'
import type { Principal, RoleHeld } from '../access/viewer.ts'
import type { Transaction } from './store.ts'

/** The roles that are assigned now to each of these principals, to its groups and to its app roles; in their order. */
export async function assignedRoles(
  tx: Transaction,
  principals: readonly Principal[],
): Promise<readonly (readonly RoleHeld[])[]> {
  const asked = principals.map(({ actor, groups, appRoles }, place) => ({ place, id: actor.id, groups, appRoles }))
  const { rows } = await tx.execute<{ place: number; role: Role; scope: string }>(sql`
    select distinct p.place, r.role, r.scope
    from jsonb_to_recordset(${JSON.stringify(asked)}::jsonb) as p(place int, id text, groups jsonb, "appRoles" jsonb)
    join role_assignments r on (r.principal_kind = 'USER' and r.principal_id = p.id)
      or (r.principal_kind = 'GROUP' and p.groups ? r.principal_id)
      or (r.principal_kind = 'APP_ROLE' and p."appRoles" ? r.principal_id)`)
  const byPlace = Map.groupBy(rows, ({ place }) => place)
  return principals.map((_principal, place) => (byPlace.get(place) ?? []).map(({ role, scope }) => ({ role, scope })))
}
