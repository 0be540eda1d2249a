import { actions } from '../../access/role.ts'
import { updateCustomRole } from '../../commands/update-custom-role.ts'
import { builder } from '../builder.ts'
import { inputRole } from './input-id.ts'
import { outcomePayload } from './outcome-payload.ts'
import { verb } from './verb.ts'

verb('updateCustomRole', {
  description:
    'Changes a role that people made. Everybody who holds it may do at once what it allows now, and no more what it ' +
    'allowed; running subscriptions notice.',
  authorisation: `Whoever may do ${actions.writeRole} at the scope of the role, and all that is added to it.`,
  input: builder.inputType('UpdateCustomRoleInput', {
    description: 'What of a role is to be other than it is; what is left out stays.',
    fields: (t) => ({
      role: t.id({ required: true, description: 'The id of the role.' }),
      name: t.string({ description: 'What it is to be called, up to 100 characters.' }),
      description: t.string({ description: 'What it is for, up to 500 characters.' }),
      addActions: t.stringList({ description: 'What it is to allow besides, as action strings in any case.' }),
      removeActions: t.stringList({ description: 'What it is to allow no more; a role allows at least one action.' }),
    }),
  }),
  payload: outcomePayload('UpdateCustomRolePayload', 'Role', 'role', 'The role; null when it was refused.'),
  nothing: { id: null, userErrors: [] },
  run: (context, { role, ...changes }) => updateCustomRole(context, { roleId: inputRole(role), ...changes }),
})
