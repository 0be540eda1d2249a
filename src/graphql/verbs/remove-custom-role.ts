import { actions } from '../../access/role.ts'
import type { Outcome } from '../../commands/command.ts'
import { removeCustomRole } from '../../commands/remove-custom-role.ts'
import { builder } from '../builder.ts'
import { globalId } from '../global-id.ts'
import { inputRole } from './input-id.ts'
import { toldToCaller } from './outcome-payload.ts'
import { userErrorsField } from './user-errors-field.ts'
import { verb } from './verb.ts'

const RemoveCustomRolePayload = builder.objectRef<Outcome>('RemoveCustomRolePayload')
RemoveCustomRolePayload.implement({
  description: 'What became of the call.',
  extensions: toldToCaller,
  fields: (t) => ({
    removedId: t.id({
      nullable: true,
      description: 'The id that the role had; null when it was refused.',
      resolve: ({ id }) => (id === null ? null : globalId('Role', id)),
    }),
    userErrors: userErrorsField(t),
  }),
})

verb('removeCustomRole', {
  description: 'Takes back a role that people made. It is refused as long as somebody holds the role.',
  authorisation: `Whoever may do ${actions.writeRole} at the scope of the role.`,
  input: builder.inputType('RemoveCustomRoleInput', {
    description: 'A role that people made.',
    fields: (t) => ({ role: t.id({ required: true, description: 'The id of the role.' }) }),
  }),
  payload: RemoveCustomRolePayload,
  nothing: { id: null, userErrors: [] },
  run: (context, { role }) => removeCustomRole(context, { roleId: inputRole(role) }),
})
