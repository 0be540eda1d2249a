import { actions, builtInRole, readActions, type Action, type CustomRole } from '../access/role.ts'
import { accountOf, machineOf, resourceGroupOf } from '../access/scope.ts'
import type { UserError } from '../access/user-error.ts'
import { may, mayWithin, type Viewer } from '../access/viewer.ts'
import { sql } from '../store/sql.ts'
import type { Transaction } from '../store/store.ts'

/** Longest name and description of a role, in characters. */
const LONGEST_NAME = 100
const LONGEST_DESCRIPTION = 500

/** A role that people made, with the scope at and below which it may be assigned. */
export interface DefinedRole extends CustomRole {
  readonly description: string
  readonly scope: string
}

/**
 * Reads a role that people made. Null when there is none, or the viewer may not see it: it is seen by whoever may read
 * roles somewhere it can be assigned.
 */
export async function findCustomRole(tx: Transaction, viewer: Viewer, id: string): Promise<DefinedRole | null> {
  const { rows } = await tx.execute<DefinedRole & Record<string, unknown>>(sql`
    select id, name, description, scope, actions from custom_roles where id = ${id}::uuid`)
  const role = rows[0]
  return role !== undefined && mayWithin(viewer, actions.readRole, role.scope) ? role : null
}

/** The same to be changed, or why the viewer may not. */
export async function findWritableRole(tx: Transaction, viewer: Viewer, id: string): Promise<DefinedRole | UserError> {
  const field = ['roleId']
  if (builtInRole(id) !== null)
    return { code: 'CONFLICT', field, message: 'A built-in role is what it is: make one of your own.' }
  const role = await findCustomRole(tx, viewer, id)
  if (role === null) return noSuchRole(field)
  return may(viewer, actions.writeRole, role.scope) ? role : mayNotWriteRoles(field)
}

export const noSuchRole = (field: readonly string[]): UserError => ({
  code: 'NOT_FOUND',
  field,
  message: 'There is no such role, or you may not see it.',
})

export const mayNotWriteRoles = (field: readonly string[]): UserError => ({
  code: 'NOT_PERMITTED',
  field,
  action: actions.writeRole,
  message: 'You may not write roles at this scope.',
})

/** What is wrong with how a role is called. */
export function faultsOfNames(name: string | undefined, description: string | undefined): UserError[] {
  const faults: UserError[] = []
  const fault = (field: string, message: string) => faults.push({ code: 'INVALID_INPUT', field: [field], message })
  if (name !== undefined && (name === '' || name.length > LONGEST_NAME))
    fault('name', `The name of a role has 1 to ${LONGEST_NAME} characters.`)
  if (name !== undefined && builtInRole(name.toUpperCase().replaceAll(/[ -]/g, '_')) !== null)
    fault('name', 'This is the name of a built-in role.')
  if (description !== undefined && description.length > LONGEST_DESCRIPTION)
    fault('description', `A description has at most ${LONGEST_DESCRIPTION} characters.`)
  return faults
}

/** The actions that are named under `field`, or what is wrong with them. */
export function actionsNamed(
  texts: readonly string[],
  field: string,
): { readonly named: readonly Action[]; readonly faults: readonly UserError[] } {
  const { known, unknown } = readActions(texts)
  const faults = unknown.map((text): UserError => ({
    code: 'INVALID_INPUT',
    field: [field, String(texts.indexOf(text))],
    message: `${JSON.stringify(text.slice(0, 100))} is no action. There are: ${Object.values(actions).join(', ')}.`,
  }))
  return { named: known, faults }
}

/** Refusals of what the viewer cannot give, since they do not hold it themselves. */
export function lackingErrors(lacking: readonly Action[], field: readonly string[]): UserError[] {
  return lacking.map((action) => ({
    code: 'NOT_PERMITTED',
    field,
    action,
    message: `You cannot give what you do not hold: ${action}.`,
  }))
}

/** Where a fact about a scope happened. */
export function placeOfScope(scope: string) {
  return { accountId: accountOf(scope), resourceGroupId: resourceGroupOf(scope), vmId: machineOf(scope) }
}

/** A role of that name is there already. */
export const nameTaken: UserError = {
  code: 'CONFLICT',
  field: ['name'],
  message: 'There is a role of that name at this scope already.',
}
