import { randomUUIDv7 } from 'node:crypto'
import { actions, type PrincipalKind, type Role } from '../access/role.ts'
import { accountOf, parseScope, resourceGroupOf } from '../access/scope.ts'
import { may } from '../access/viewer.ts'
import { appendFacts } from '../store/append-facts.ts'
import { sql } from '../store/sql.ts'
import type { CommandContext, Outcome } from './command.ts'

/** Longest id of a principal, in characters. */
const LONGEST_ID = 256

/** Gives a principal a role at a scope. Assigning what is assigned already answers the assignment there is. */
export async function assignRole(
  { store, viewer }: CommandContext,
  input: {
    readonly principalKind: PrincipalKind
    readonly principalId: string
    readonly role: Role
    readonly scope: string
  },
): Promise<Outcome> {
  const { principalKind, principalId, role } = input
  const scope = parseScope(input.scope)
  if (scope === null)
    return invalid('scope', 'A scope is `/`, or the path of a subscription, a resource group or a virtual machine.')
  if (principalId.trim() === '' || principalId.length > LONGEST_ID)
    return invalid('principalId', `The id of a principal has 1 to ${LONGEST_ID} characters.`)
  if (!may(viewer, actions.writeRole, scope))
    return {
      id: null,
      userErrors: [
        {
          code: 'NOT_PERMITTED',
          field: ['scope'],
          action: actions.writeRole,
          message: 'You may not assign roles at this scope.',
        },
      ],
    }
  return store.db.transaction(async (tx) => {
    const { rows } = await tx.execute<{ id: string; fresh: boolean }>(sql`
      insert into role_assignments as r (id, principal_kind, principal_id, role, scope, assigned_at, assigned_by_id)
      values (${randomUUIDv7()}, ${principalKind}, ${principalId}, ${role}, ${scope}, gateway_now(), ${viewer.actor.id})
      on conflict (principal_kind, principal_id, role, scope) do update set role = excluded.role
      returning r.id, xmax = 0 as fresh`)
    const { id, fresh } = rows[0] as { id: string; fresh: boolean }
    if (fresh)
      await appendFacts(tx, [
        {
          kind: 'RoleAssigned',
          actor: viewer.actor,
          accountId: accountOf(scope),
          resourceGroupId: resourceGroupOf(scope),
          detail: { role, principalKind, principalId, scope },
        },
      ])
    return { id, userErrors: [] }
  })
}

const invalid = (field: string, message: string): Outcome => ({
  id: null,
  userErrors: [{ code: 'INVALID_INPUT', field: [field], message }],
})
