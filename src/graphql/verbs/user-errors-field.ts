import type { UserError as UserErrorShape } from '../../access/user-error.ts'
import { builder } from '../builder.ts'
import { UserError } from '../user-error.ts'

type FieldBuilder<Parent extends object> = PothosSchemaTypes.ObjectFieldBuilder<
  typeof builder.$inferSchemaTypes,
  Parent
>

/** Names of the API's inputs for those that commands have for the same: a command knows keys where a client has ids. */
const inputNames: Readonly<Record<string, string>> = {
  accountId: 'account',
  vmId: 'virtualMachine',
  vmIds: 'virtualMachines',
  policyIds: 'policies',
  grantId: 'grant',
  requestId: 'request',
  decideWithinSeconds: 'decideWithin',
  lockdownId: 'lockdown',
  assignmentId: 'roleAssignment',
  roleId: 'role',
  durationSeconds: 'duration',
  maximumDurationSeconds: 'maximumDuration',
}

/** The `userErrors` of a payload or of a result in it, with paths in the names of the input. */
export function userErrorsField<Parent extends { readonly userErrors: readonly UserErrorShape[] }>(
  t: FieldBuilder<Parent>,
  description = 'What was refused, and why; empty when all was done.',
) {
  return t.field({
    type: [UserError],
    description,
    resolve: ({ userErrors }) =>
      userErrors.map((error) => ({ ...error, field: error.field.map((name) => inputNames[name] ?? name) })),
  })
}
