import { delegable } from '../access/delegate.ts'
import type { Action } from '../access/role.ts'
import type { UserError } from '../access/user-error.ts'
import type { Viewer } from '../access/viewer.ts'
import { appendFacts } from '../store/append-facts.ts'
import { lockRoles } from '../store/role-changes.ts'
import { sql } from '../store/sql.ts'
import type { Transaction } from '../store/store.ts'
import type { CommandContext, Outcome } from './command.ts'
import {
  actionsNamed,
  faultsOfNames,
  findWritableRole,
  lackingErrors,
  nameTaken,
  placeOfScope,
  type DefinedRole,
} from './custom-roles.ts'

export interface UpdateCustomRole {
  readonly roleId: string
  readonly name?: string | null | undefined
  readonly description?: string | null | undefined
  readonly addActions?: readonly string[] | null | undefined
  readonly removeActions?: readonly string[] | null | undefined
}

/** Changes a role that people made, for everybody who holds it, at once. */
export async function updateCustomRole({ store, viewer }: CommandContext, input: UpdateCustomRole): Promise<Outcome> {
  const name = input.name?.trim()
  const description = input.description?.trim()
  const added = actionsNamed(input.addActions ?? [], 'addActions')
  const removed = actionsNamed(input.removeActions ?? [], 'removeActions')
  const faults = [...faultsOfNames(name, description), ...added.faults, ...removed.faults]
  if (faults.length > 0) return refused(...faults)
  return store.db.transaction(async (tx) => {
    await lockRoles(tx)
    const role = await findWritableRole(tx, viewer, input.roleId)
    if ('code' in role) return refused(role)
    const more = added.named.filter((action) => !role.actions.includes(action))
    const changed: DefinedRole = {
      id: role.id,
      scope: role.scope,
      name: name ?? role.name,
      description: description ?? role.description,
      actions: [...role.actions, ...more].filter((action) => !removed.named.includes(action)),
    }
    const errors = changed.actions.length === 0 ? [allowsNothing] : withheld(viewer, more, role.scope)
    if (errors.length > 0) return refused(...errors)
    if (isSame(role, changed)) return { id: role.id, userErrors: [] }
    if (!(await write(tx, changed))) return refused(nameTaken)
    const { id: roleId, scope } = changed
    await appendFacts(tx, [
      {
        kind: 'CustomRoleUpdated',
        actor: viewer.actor,
        ...placeOfScope(scope),
        detail: { roleId, name: changed.name, scope, actions: changed.actions },
      },
    ])
    return { id: roleId, userErrors: [] }
  })
}

/** Whoever holds the role anywhere gains these actions, for as long as they hold it. */
function withheld(viewer: Viewer, more: readonly Action[], scope: string): UserError[] {
  const { lacking, until } = delegable(viewer, more, scope)
  if (lacking.length > 0 || until === null) return lackingErrors(lacking, ['addActions'])
  const message = `You hold what you add until ${until} only, and a role may be held for longer.`
  return more.map((action) => ({ code: 'NOT_PERMITTED', field: ['addActions'], action, message }))
}

async function write(tx: Transaction, { id, name, description, scope, actions }: DefinedRole): Promise<boolean> {
  const { rowCount } = await tx.execute(sql`
    update custom_roles r set name = ${name}, description = ${description}, actions = ${sql.param(actions)}::text[],
      updated_at = gateway_now()
    where id = ${id}::uuid and not exists (
      select from custom_roles o where o.scope = ${scope} and lower(o.name) = lower(${name}) and o.id <> r.id)`)
  return rowCount === 1
}

function isSame(one: DefinedRole, other: DefinedRole): boolean {
  const of = ({ name, description, actions }: DefinedRole) => JSON.stringify([name, description, actions])
  return of(one) === of(other)
}

const allowsNothing: UserError = {
  code: 'INVALID_INPUT',
  field: ['removeActions'],
  message: 'A role allows at least one action: remove the role instead.',
}

const refused = (...userErrors: readonly UserError[]): Outcome => ({ id: null, userErrors })
