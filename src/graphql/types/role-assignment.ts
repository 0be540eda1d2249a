import { actions } from '../../access/role.ts'
import { builder } from '../builder.ts'
import { PrincipalKindEnum, RoleName } from '../enums.ts'
import type { Connection } from '../read/description.ts'
import { entity } from '../read/entity.ts'
import { column, instant } from '../read/fields.ts'
import { within } from '../read/parameters.ts'

entity({
  name: 'RoleAssignment',
  description: 'Who holds which role where.',
  table: 'role_assignments',
  key: { column: 'id', type: 'uuid' },
  authorisation: {
    rule: `Whoever may do ${actions.readRole} at its scope.`,
    where: (row, parameters) =>
      within(parameters, actions.readRole, {
        account: `split_part(${row}.scope, '/', 3)`,
        resourceGroup: `array_to_string((string_to_array(${row}.scope, '/'))[1:5], '/')`,
        vm: `${row}.scope`,
      }),
  },
  fields: {
    principalKind: column(PrincipalKindEnum, 'To what kind of principal.', 'principal_kind'),
    principalId: column('String', 'To whom, by the id at the identity provider.', 'principal_id'),
    role: column(RoleName, 'The role.', 'role'),
    scope: column('String', 'Where: a lower-cased path; `/` is everything.', 'scope'),
    assignedAt: instant('When it was assigned.', 'assigned_at'),
    assignedById: column('String', 'Who assigned it, by `Actor.id`.', 'assigned_by_id'),
  },
})

const RoleAssignmentFilter = builder.inputType('RoleAssignmentFilter', {
  description: 'Narrows role assignments: every part that is given must hold.',
  fields: (t) => ({
    principalIds: t.stringList({ description: 'To any of these principals.' }),
    roles: t.field({ type: [RoleName], description: 'Of any of these roles.' }),
  }),
})

/** Role assignments, by scope. */
export const roleAssignmentPage: Connection = {
  kind: 'connection',
  of: 'RoleAssignment',
  description: 'Role assignments, by scope.',
  on: () => 'true',
  orders: [
    {
      name: 'SCOPE',
      description: 'By scope, then by id.',
      direction: 'asc',
      keys: [
        { type: 'text', sql: (row) => `${row}.scope` },
        { type: 'uuid', sql: (row) => `${row}.id` },
      ],
    },
  ],
  filter: {
    input: RoleAssignmentFilter,
    where(row, filter) {
      const principals = filter.bind('principalIds', 'text[]')
      const names = filter.bind('roles', 'role_name[]')
      return [
        ...(principals === undefined ? [] : [`${row}.principal_id = any(${principals})`]),
        ...(names === undefined ? [] : [`${row}.role = any(${names})`]),
      ]
    },
  },
}
