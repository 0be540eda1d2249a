import { actions } from '../../access/role.ts'
import { builder } from '../builder.ts'
import { PrincipalKindEnum } from '../enums.ts'
import { readRoleIds, readScope } from '../ids.ts'
import type { Connection } from '../read/description.ts'
import { entity } from '../read/entity.ts'
import { column, instant, nullable } from '../read/fields.ts'
import { within } from '../read/parameters.ts'

const roleId = (row: string) => `coalesce(${row}.role::text, ${row}.custom_role_id::text)`

entity({
  name: 'RoleAssignment',
  description: 'Who holds which role where, and until when.',
  // What has ended counts no more, though its row is there for a moment.
  table: '(select * from role_assignments where ends_at is null or ends_at > (select gateway_now()))',
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
    role: {
      kind: 'one',
      to: 'Role',
      nonNull: true,
      description: 'The role.',
      on: (row, role) => `${role}.id = ${roleId(row)}`,
    },
    scope: column('String', 'Where: a lower-cased path; `/` is everything.', 'scope'),
    assignedAt: instant('When it was assigned.', 'assigned_at'),
    assignedById: column('String', 'Who assigned it, by `Actor.id`.', 'assigned_by_id'),
    endsAt: instant('From when on it counts for nothing; null for one without an end.', 'ends_at', nullable),
  },
})

const RoleAssignmentFilter = builder.inputType('RoleAssignmentFilter', {
  description: 'Narrows role assignments: every part that is given must hold.',
  fields: (t) => ({
    principalIds: t.stringList({ description: 'To any of these principals.' }),
    roles: t.idList({ description: 'Of any of these roles: ids, or names of built-in ones.' }),
    scopes: t.stringList({ description: 'At any of these very scopes.' }),
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
      const roles = filter.bind('roles', 'text[]', readRoleIds)
      const scopes = filter.bind('scopes', 'text[]', (texts: readonly string[]) => texts.map(readScope))
      return [
        ...(principals === undefined ? [] : [`${row}.principal_id = any(${principals})`]),
        ...(roles === undefined ? [] : [`${roleId(row)} = any(${roles})`]),
        ...(scopes === undefined ? [] : [`${row}.scope = any(${scopes})`]),
      ]
    },
  },
}
