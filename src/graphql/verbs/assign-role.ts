import { actions } from '../../access/role.ts'
import { assignRole } from '../../commands/assign-role.ts'
import { builder } from '../builder.ts'
import { PrincipalKindEnum, RoleName } from '../enums.ts'
import { outcomePayload } from './outcome-payload.ts'
import { verb } from './verb.ts'

verb('assignRole', {
  description:
    'Gives a principal a role at a scope and everywhere below it. Assigning what is assigned already changes nothing ' +
    'and answers it. Running subscriptions notice at once.',
  authorisation: `Whoever may do ${actions.writeRole} at the scope.`,
  input: builder.inputType('AssignRoleInput', {
    description: 'Who is to hold which role where.',
    fields: (t) => ({
      principalKind: t.field({ type: PrincipalKindEnum, required: true, description: 'To what kind of principal.' }),
      principalId: t.string({
        required: true,
        description: 'To whom: the id of the person or program, of the group, or the name of the app role. Up to 256.',
      }),
      role: t.field({ type: RoleName, required: true, description: 'The role.' }),
      scope: t.string({
        required: true,
        description:
          'Where, in any case: `/` for everything, `/subscriptions/{id}`, `/subscriptions/{id}/resourceGroups/{name}`, ' +
          '`/aws/{account}`, `/aws/{account}/{region}/{vpc}`, ' +
          'or the resource id of a machine.',
      }),
    }),
  }),
  payload: outcomePayload(
    'AssignRolePayload',
    'RoleAssignment',
    'roleAssignment',
    'The assignment; null when it was refused.',
  ),
  nothing: { id: null, userErrors: [] },
  run: (context, input) => assignRole(context, input),
})
