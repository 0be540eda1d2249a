import { explain } from '../../access/explain.ts'
import { actions, readActions, type Action } from '../../access/role.ts'
import type { Viewer } from '../../access/viewer.ts'
import { badInput } from '../bad-input.ts'
import { builder } from '../builder.ts'
import { readScope } from '../ids.ts'
import type { One } from '../read/description.ts'
import { list, plainList, value } from '../read/fields.ts'
import { plain } from '../read/plain.ts'
import { elementsSql, textsSql } from '../read/sql.ts'
import { shownRole, type RoleShown } from './role-held.ts'

const rule = 'Everybody sees what they may do themselves.'

interface MissingShown {
  readonly action: Action
  readonly scope: string
  readonly roles: readonly string[]
  readonly heldElsewhere: readonly RoleShown[]
}

interface AccessShown {
  readonly allowed: boolean
  readonly by: readonly RoleShown[]
  readonly missing: MissingShown | null
}

const rolesIn = (name: string, description: string, of = '') =>
  plainList(
    'RoleHeld',
    description,
    (row) => elementsSql(`${row}.value${of}->'${name}'`),
    (held) => `${held}.n`,
  )

plain<MissingShown>({
  name: 'MissingAccess',
  description: 'What a viewer lacks to be allowed an action at a scope.',
  rule,
  fields: {
    action: value(
      'String',
      'The action that no role held at the scope, or above it, allows.',
      (row) => `${row}.value->>'action'`,
    ),
    scope: value('String', 'The scope, in lower case.', (row) => `${row}.value->>'scope'`),
    roles: value(
      'String',
      'Names of built-in roles that would allow it there, those that allow the least first.',
      (row) => textsSql(`${row}.value->'roles'`),
      list,
    ),
    heldElsewhere: rolesIn('heldElsewhere', 'Roles held that allow it, but at other scopes.'),
  },
})

plain<AccessShown>({
  name: 'Access',
  description: 'Why a viewer may do an action at a scope, or what is missing.',
  rule,
  fields: {
    allowed: value(
      'Boolean',
      'Whether the viewer may do it there now.',
      (row) => `(${row}.value->>'allowed')::boolean`,
    ),
    by: rolesIn('by', 'The roles held that allow it, with how they came to be held; empty when it is not allowed.'),
    missing: {
      kind: 'one',
      to: 'MissingAccess',
      description: 'What is missing; null when it is allowed.',
      from: (row) => `(select ${row}.value->'missing' as value)`,
      on: (_row, made) => `jsonb_typeof(${made}.value) = 'object'`,
    },
  },
})

interface Asked {
  readonly action?: unknown
  readonly scope?: unknown
}

/** What may be done by a viewer: the value behind `accessField`. */
export function accessOf(viewer: Viewer, asked: Asked): AccessShown {
  const action = readActions([String(asked.action)]).known[0]
  if (action === undefined)
    throw badInput(
      `${JSON.stringify(String(asked.action).slice(0, 100))} is no action. There are: ${Object.values(actions).join(', ')}.`,
    )
  const scope = readScope(String(asked.scope))
  const { allowedBy, heldElsewhere, wouldAllow } = explain(viewer, action, scope)
  const allowed = allowedBy.length > 0
  return {
    allowed,
    by: allowedBy.map(shownRole),
    missing: allowed ? null : { action, scope, roles: wouldAllow, heldElsewhere: heldElsewhere.map(shownRole) },
  }
}

/** The field of the viewer that explains what they may do. */
export const accessField: One = {
  kind: 'one',
  to: 'Access',
  nonNull: true,
  description: 'Whether the viewer may do an action at a scope, by which assignment, or what is missing.',
  args: builder.args((t) => ({
    action: t.string({
      required: true,
      description:
        'An action string, in any case, such as `Microsoft.Security/locations/jitNetworkAccessPolicies/write`.',
    }),
    scope: t.string({
      required: true,
      description:
        'Where, in any case: `/` for everything, `/subscriptions/{id}`, `/subscriptions/{id}/resourceGroups/{name}`, ' +
        'or the resource id of a machine. Whether it exists is not told.',
    }),
  })),
  on: () => 'true',
  from(_row, parameters, { index }) {
    const shown = parameters.bind(
      ({ viewer, selected }) => JSON.stringify(accessOf(viewer, selected[index]?.arguments ?? {})),
      'jsonb',
    )
    return `(select ${shown} as value)`
  },
}
