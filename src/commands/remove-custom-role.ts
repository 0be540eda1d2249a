import type { UserError } from '../access/user-error.ts'
import { appendFacts } from '../store/append-facts.ts'
import { lockRoles } from '../store/role-changes.ts'
import { sql } from '../store/sql.ts'
import type { CommandContext, Outcome } from './command.ts'
import { findWritableRole, placeOfScope } from './custom-roles.ts'

/** Takes back a role that people made, once nobody holds it any more. */
export async function removeCustomRole(
  { store, viewer }: CommandContext,
  input: { readonly roleId: string },
): Promise<Outcome> {
  return store.db.transaction(async (tx) => {
    await lockRoles(tx)
    const role = await findWritableRole(tx, viewer, input.roleId)
    if ('code' in role) return refused(role)
    const { rowCount } = await tx.execute(sql`
      delete from custom_roles r where id = ${role.id}::uuid
        and not exists (select from role_assignments a where a.custom_role_id = r.id)`)
    if (rowCount === 0) return refused(stillHeld)
    const { id: roleId, name, scope, actions } = role
    await appendFacts(tx, [
      {
        kind: 'CustomRoleRemoved',
        actor: viewer.actor,
        ...placeOfScope(scope),
        detail: { roleId, name, scope, actions },
      },
    ])
    return { id: roleId, userErrors: [] }
  })
}

const stillHeld: UserError = {
  code: 'CONFLICT',
  field: ['roleId'],
  message: 'Somebody still holds this role: remove its assignments first.',
}

const refused = (...userErrors: readonly UserError[]): Outcome => ({ id: null, userErrors })
