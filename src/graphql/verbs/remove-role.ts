import { actions } from '../../access/role.ts'
import type { Outcome } from '../../commands/command.ts'
import { removeRole } from '../../commands/remove-role.ts'
import { builder } from '../builder.ts'
import { globalId } from '../global-id.ts'
import { inputId } from './input-id.ts'
import { toldToCaller } from './outcome-payload.ts'
import { userErrorsField } from './user-errors-field.ts'
import { verb } from './verb.ts'

const RemoveRolePayload = builder.objectRef<Outcome>('RemoveRolePayload')
RemoveRolePayload.implement({
  description: 'What became of the call.',
  extensions: toldToCaller,
  fields: (t) => ({
    removedId: t.id({
      nullable: true,
      description: 'The id that the assignment had; null when it was refused.',
      resolve: ({ id }) => (id === null ? null : globalId('RoleAssignment', id)),
    }),
    userErrors: userErrorsField(t),
  }),
})

verb('removeRole', {
  description:
    'Takes a role away from a principal. Running subscriptions notice at once; grants that are held stay until they ' +
    'end or are revoked.',
  authorisation: `Whoever may do ${actions.writeRole} at the scope of the assignment.`,
  input: builder.inputType('RemoveRoleInput', {
    description: 'A role that somebody holds.',
    fields: (t) => ({ roleAssignment: t.id({ required: true, description: 'The id of the assignment.' }) }),
  }),
  payload: RemoveRolePayload,
  nothing: { id: null, userErrors: [] },
  run: (context, { roleAssignment }) =>
    removeRole(context, { assignmentId: inputId('RoleAssignment', roleAssignment) }),
})
