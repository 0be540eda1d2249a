import { actions } from '../../access/role.ts'
import { createCustomRole } from '../../commands/create-custom-role.ts'
import { builder } from '../builder.ts'
import { outcomePayload } from './outcome-payload.ts'
import { verb } from './verb.ts'

verb('createCustomRole', {
  description:
    'Makes a role of actions that the caller may do at its scope. It can be assigned there and below, by whoever may ' +
    'do all that it allows.',
  authorisation: `Whoever may do ${actions.writeRole} at the scope, and all that the role allows.`,
  input: builder.inputType('CreateCustomRoleInput', {
    description: 'A role to be made.',
    fields: (t) => ({
      name: t.string({
        required: true,
        description:
          'What it is called: up to 100 characters, and not as another role of that scope or a built-in one.',
      }),
      description: t.string({ description: 'What it is for, up to 500 characters.' }),
      scope: t.string({
        required: true,
        description:
          'Where it can be assigned, in any case: `/` for everywhere, `/subscriptions/{id}`, ' +
          '`/subscriptions/{id}/resourceGroups/{name}`, or the resource id of a machine.',
      }),
      actions: t.stringList({ required: true, description: 'What it allows, as action strings in any case.' }),
      idempotencyKey: t.string({
        description:
          'A key of the caller, up to 255 characters: repeating a call with it gives the first answer again.',
      }),
    }),
  }),
  payload: outcomePayload('CreateCustomRolePayload', 'Role', 'role', 'The role; null when it was refused.'),
  nothing: { id: null, userErrors: [] },
  run: (context, input) => createCustomRole(context, input),
})
