import { actions } from '../../access/role.ts'
import { assignRole } from '../../commands/assign-role.ts'
import { builder } from '../builder.ts'
import { PrincipalKindEnum } from '../enums.ts'
import { inputRole } from './input-id.ts'
import { outcomePayload } from './outcome-payload.ts'
import { verb } from './verb.ts'

verb('assignRole', {
  description:
    'Gives a principal a role at a scope and everywhere below it: nothing but what the caller may do there, and for no ' +
    'longer. Assigning what is assigned already answers it, with the end that is asked for now. Running subscriptions ' +
    'notice at once.',
  authorisation: `Whoever may do ${actions.writeRole} at the scope, and all that the role allows.`,
  input: builder.inputType('AssignRoleInput', {
    description: 'Who is to hold which role where.',
    fields: (t) => ({
      principalKind: t.field({ type: PrincipalKindEnum, required: true, description: 'To what kind of principal.' }),
      principalId: t.string({
        required: true,
        description: 'To whom: the id of the person or program, of the group, or the name of the app role. Up to 256.',
      }),
      role: t.id({ required: true, description: 'The id of a role, or the name of a built-in one, such as `READER`.' }),
      scope: t.string({
        required: true,
        description:
          'Where, in any case: `/` for everything, `/subscriptions/{id}`, `/subscriptions/{id}/resourceGroups/{name}`, ' +
          '`/aws/{account}`, `/aws/{account}/{region}/{vpc}`, ' +
          'or the resource id of a machine.',
      }),
      endsAt: t.field({ type: 'DateTime', description: 'From when on it counts for nothing. Null: never.' }),
    }),
  }),
  payload: outcomePayload(
    'AssignRolePayload',
    'RoleAssignment',
    'roleAssignment',
    'The assignment; null when it was refused.',
  ),
  nothing: { id: null, userErrors: [] },
  run: (context, { role, ...input }) => assignRole(context, { ...input, role: inputRole(role) }),
})
