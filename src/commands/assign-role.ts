import { randomUUIDv7 } from 'node:crypto'
import { delegable } from '../access/delegate.ts'
import {
  actions,
  actionsOf,
  builtInRole,
  nameOf,
  type CustomRole,
  type PrincipalKind,
  type Role,
} from '../access/role.ts'
import { parseScope, scopeContains } from '../access/scope.ts'
import type { UserError } from '../access/user-error.ts'
import { may } from '../access/viewer.ts'
import { appendFacts } from '../store/append-facts.ts'
import { lockRoles } from '../store/role-changes.ts'
import { sql } from '../store/sql.ts'
import type { Transaction } from '../store/store.ts'
import type { CommandContext, Outcome } from './command.ts'
import { findCustomRole, lackingErrors, noSuchRole, placeOfScope } from './custom-roles.ts'

/** Longest id of a principal, in characters. */
const LONGEST_ID = 256

export interface AssignRole {
  readonly principalKind: PrincipalKind
  readonly principalId: string
  /** The name of a built-in role, or the id of one that people made. */
  readonly role: string
  readonly scope: string
  /** From then on it counts for nothing; null, or absent, for never. */
  readonly endsAt?: Date | null | undefined
}

/**
 * Gives a principal a role at a scope: one that allows nothing there but what the caller may do, for no longer.
 * Assigning what is assigned already answers the assignment there is, with the end that is asked for now.
 */
export async function assignRole({ store, viewer }: CommandContext, input: AssignRole): Promise<Outcome> {
  const { principalId, endsAt = null } = input
  const scope = parseScope(input.scope)
  if (scope === null)
    return invalid('scope', 'A scope is `/`, or the path of a subscription, a resource group or a virtual machine.')
  if (principalId.trim() === '' || principalId.length > LONGEST_ID)
    return invalid('principalId', `The id of a principal has 1 to ${LONGEST_ID} characters.`)
  if (!may(viewer, actions.writeRole, scope))
    return refused({
      code: 'NOT_PERMITTED',
      field: ['scope'],
      action: actions.writeRole,
      message: 'You may not assign roles at this scope.',
    })
  return store.db.transaction(async (tx) => {
    await lockRoles(tx)
    const role = builtInRole(input.role) ?? (await findCustomRole(tx, viewer, input.role))
    if (role === null) return refused(noSuchRole(['role']))
    if (typeof role !== 'string' && !scopeContains(role.scope, scope))
      return invalid('scope', `This role can be assigned at ${role.scope} and below it.`)
    const { lacking, until } = delegable(viewer, actionsOf(role), scope)
    if (lacking.length > 0) return refused(...lackingErrors(lacking, ['role']))
    if (until !== null && (endsAt === null || endsAt > new Date(until)))
      return refused({
        code: 'NOT_PERMITTED',
        field: ['endsAt'],
        action: actions.writeRole,
        message: `You hold what this role allows until ${until}: give it an end no later than that.`,
      })
    if (endsAt !== null && (await isPast(tx, endsAt))) return invalid('endsAt', 'The end must lie ahead.')
    const assigned = { ...input, scope, endsAt }
    const { id, changed } = await write(tx, role, assigned, viewer.actor.id)
    if (changed)
      await appendFacts(tx, [
        {
          kind: 'RoleAssigned',
          actor: viewer.actor,
          ...placeOfScope(scope),
          detail: {
            role: nameOf(role),
            principalKind: input.principalKind,
            principalId,
            scope,
            endsAt: endsAt?.toISOString() ?? null,
          },
        },
      ])
    return { id, userErrors: [] }
  })
}

async function isPast(tx: Transaction, moment: Date): Promise<boolean> {
  const { rows } = await tx.execute<{ past: boolean }>(
    sql`select ${moment.toISOString()}::timestamptz <= gateway_now() as past`,
  )
  return rows[0]?.past === true
}

/** Writes an assignment, or the end of the one there is; says whether anything is other than before. */
async function write(
  tx: Transaction,
  role: Role | CustomRole,
  { principalKind, principalId, scope, endsAt }: AssignRole & { readonly endsAt: Date | null },
  assignerId: string,
): Promise<{ readonly id: string; readonly changed: boolean }> {
  const [builtIn, custom] = typeof role === 'string' ? [role, null] : [null, role.id]
  const end = endsAt?.toISOString() ?? null
  const { rows } = await tx.execute<{ id: string; changed: boolean }>(sql`
    with was as (
      select id, ends_at from role_assignments where principal_kind = ${principalKind} and principal_id = ${principalId}
        and role is not distinct from ${builtIn}::role_name and custom_role_id is not distinct from ${custom}::uuid
        and scope = ${scope}
    )
    insert into role_assignments as r (id, principal_kind, principal_id, role, custom_role_id, scope, assigned_at,
      assigned_by_id, ends_at)
    values (${randomUUIDv7()}, ${principalKind}, ${principalId}, ${builtIn}, ${custom}, ${scope}, gateway_now(),
      ${assignerId}, ${end})
    on conflict on constraint role_assignments_once do update set ends_at = excluded.ends_at
    returning r.id, not exists (select from was where was.ends_at is not distinct from r.ends_at) as changed`)
  return rows[0] as { id: string; changed: boolean }
}

const refused = (...userErrors: readonly UserError[]): Outcome => ({ id: null, userErrors })

const invalid = (field: string, message: string): Outcome => refused({ code: 'INVALID_INPUT', field: [field], message })
