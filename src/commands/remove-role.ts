import { actions, type PrincipalKind } from '../access/role.ts'
import { may } from '../access/viewer.ts'
import { appendFacts } from '../store/append-facts.ts'
import { sql } from '../store/sql.ts'
import { lockRoles } from '../store/role-changes.ts'
import type { CommandContext, Outcome } from './command.ts'
import { placeOfScope } from './custom-roles.ts'

interface Removed extends Record<string, unknown> {
  readonly principal_kind: PrincipalKind
  readonly principal_id: string
  readonly role: string
  readonly scope: string
  readonly ends_at: string | null
}

/** Takes a role away; running subscriptions of the principal notice at once. */
export async function removeRole(
  { store, viewer }: CommandContext,
  input: { readonly assignmentId: string },
): Promise<Outcome> {
  return store.db.transaction(async (tx) => {
    await lockRoles(tx)
    const { rows } = await tx.execute<Removed>(sql`
      select principal_kind, principal_id, scope, iso(ends_at) as ends_at,
        coalesce(role::text, (select name from custom_roles c where c.id = custom_role_id)) as role
      from role_assignments where id = ${input.assignmentId}::uuid for update`)
    const found = rows[0]
    if (found === undefined || !may(viewer, actions.readRole, found.scope))
      return refused('NOT_FOUND', 'There is no such role assignment, or you may not see it.')
    if (!may(viewer, actions.writeRole, found.scope))
      return refused('NOT_PERMITTED', 'You may not remove roles at this scope.')
    await tx.execute(sql`delete from role_assignments where id = ${input.assignmentId}::uuid`)
    await appendFacts(tx, [
      {
        kind: 'RoleRemoved',
        actor: viewer.actor,
        ...placeOfScope(found.scope),
        detail: {
          role: found.role,
          principalKind: found.principal_kind,
          principalId: found.principal_id,
          scope: found.scope,
          endsAt: found.ends_at,
        },
      },
    ])
    return { id: input.assignmentId, userErrors: [] }
  })
}

const refused = (code: 'NOT_FOUND' | 'NOT_PERMITTED', message: string): Outcome => ({
  id: null,
  userErrors: [
    code === 'NOT_FOUND'
      ? { code, field: ['assignmentId'], message }
      : { code, field: ['assignmentId'], action: actions.writeRole, message },
  ],
})
