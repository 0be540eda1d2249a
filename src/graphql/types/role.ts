import { actions, roleNames, rolePurposes, roles } from '../../access/role.ts'
import { accountScope } from '../../access/scope.ts'
import { reachOf } from '../../access/viewer.ts'
import { builder } from '../builder.ts'
import type { Connection } from '../read/description.ts'
import { entity } from '../read/entity.ts'
import { column, instant, list, nullable, plainOrNull } from '../read/fields.ts'
import type { Parameters } from '../read/parameters.ts'
import { actorSql } from '../read/sql.ts'

const literal = (text: string) => `'${text.replaceAll("'", "''")}'`
const builtIn = roleNames.map((name) => {
  const allowed = `array[${roles[name].map(literal).join(', ')}]`
  return `(${literal(name)}, ${literal(name)}, ${literal(rolePurposes[name])}, '/', ${allowed})`
})

/** Built-in roles are those of the code; the rest are rows. */
const table = `(
  select id, name, description, scope, actions, true as built_in, null::timestamptz as created_at,
    null::actor_kind as created_by_kind, null as created_by_id, null as created_by_name, null::timestamptz as updated_at
  from (values ${builtIn.join(', ')}) b(id, name, description, scope, actions)
  union all select id::text, name, description, scope, actions, false, created_at, created_by_kind, created_by_id,
    created_by_name, updated_at from custom_roles)`

entity({
  name: 'Role',
  description: 'A set of actions under a name: one of the built-in roles, or one that people made.',
  table,
  key: { column: 'id', type: 'text' },
  authorisation: {
    rule:
      'Built-in roles are for everybody to see; one that people made for whoever may do ' +
      `${actions.readRole} somewhere it can be assigned.`,
    where: (row, parameters) => `(${row}.built_in or ${assignable(parameters, `${row}.scope`)})`,
  },
  fields: {
    name: column('String', 'What it is called.', 'name'),
    description: column('String', 'What it is for; empty when not said.', 'description'),
    builtIn: column('Boolean', 'Whether it comes with the gateway, and cannot be changed.', 'built_in'),
    actions: column('String', 'What it allows, as action strings.', 'actions', list),
    scope: column('String', 'Where it can be assigned: at this scope and below it; `/` is everywhere.', 'scope'),
    createdAt: instant('When it was made; null for a built-in role.', 'created_at', nullable),
    updatedAt: instant('When it was changed last; null for a built-in role.', 'updated_at', nullable),
    createdBy: plainOrNull(
      'Actor',
      'Who made it; null for a built-in role.',
      (row) => actorSql(`${row}.created_by_kind`, `${row}.created_by_id`, `${row}.created_by_name`),
      (made) => `${made}.id is not null`,
    ),
  },
})

/** Whether the viewer may read roles at a scope, above it or anywhere below it. */
function assignable(parameters: Parameters, scope: string): string {
  const reach = reachOf(parameters.viewer, actions.readRole)
  if (reach.everywhere) return 'true'
  if (reach.accountIds.length + reach.resourceGroupIds.length + reach.vmIds.length === 0) return 'false'
  const held = parameters.shared(
    `${actions.readRole} paths`,
    ({ viewer }) => {
      const { accountIds, resourceGroupIds, vmIds } = reachOf(viewer, actions.readRole)
      return [...accountIds.map(accountScope), ...resourceGroupIds, ...vmIds]
    },
    'text[]',
  )
  return `(${scope} = '/' or exists (select from unnest(${held}) h(scope)
    where starts_with(h.scope || '/', ${scope} || '/') or starts_with(${scope} || '/', h.scope || '/')))`
}

const RoleFilter = builder.inputType('RoleFilter', {
  description: 'Narrows roles: every part that is given must hold.',
  fields: (t) => ({
    builtIn: t.boolean({ description: 'Whether it comes with the gateway.' }),
    allowing: t.stringList({ description: 'Allowing all of these actions.' }),
  }),
})

/** Roles, by name. */
export const rolePage: Connection = {
  kind: 'connection',
  of: 'Role',
  description: 'Roles, by name.',
  on: () => 'true',
  orders: [
    {
      name: 'NAME',
      description: 'By name, then by id.',
      direction: 'asc',
      keys: [
        { type: 'text', sql: (row) => `${row}.name` },
        { type: 'text', sql: (row) => `${row}.id` },
      ],
    },
  ],
  filter: {
    input: RoleFilter,
    where(row, filter) {
      const made = filter.shape('builtIn')
      const allowed = filter.bind('allowing', 'text[]')
      return [
        ...(made === undefined ? [] : [made === true ? `${row}.built_in` : `not ${row}.built_in`]),
        ...(allowed === undefined ? [] : [`${row}.actions @> ${allowed}`]),
      ]
    },
  },
}
