import { actionsOf, nameOf, type PrincipalKind } from '../../access/role.ts'
import type { RoleHeld as RoleHeldShape } from '../../access/viewer.ts'
import { PrincipalKindEnum } from '../enums.ts'
import { globalId } from '../global-id.ts'
import { list, nullable, value } from '../read/fields.ts'
import { plain } from '../read/plain.ts'
import { textsSql } from '../read/sql.ts'

/** A role held, as it is shown. */
export interface RoleShown {
  readonly role: string
  readonly roleId: string
  readonly scope: string
  readonly actions: readonly string[]
  readonly principalKind: PrincipalKind | null
  readonly principalId: string | null
  readonly assignmentId: string | null
  readonly endsAt: string | null
}

const held = (name: string) => (row: string) => `${row}.value->>'${name}'`

export const RoleHeld = plain<RoleShown>({
  name: 'RoleHeld',
  description: 'A role that the viewer holds somewhere.',
  rule: 'Visible with what it is part of.',
  fields: {
    role: value('String', 'The name of the role.', held('role')),
    roleId: value('ID', 'The id of the role.', held('roleId')),
    scope: value('String', 'Where: a lower-cased path; `/` is everything.', held('scope')),
    actions: value(
      'String',
      'What the role allows, as action strings.',
      (row) => textsSql(`${row}.value->'actions'`),
      list,
    ),
    principalKind: value(
      PrincipalKindEnum,
      'Whether the viewer, a group or an app role of the viewer was assigned it; null when the configuration gives it.',
      held('principalKind'),
      nullable,
    ),
    principalId: value(
      'String',
      'To whom it was assigned; null when the configuration gives it.',
      held('principalId'),
      nullable,
    ),
    assignmentId: value(
      'ID',
      'The id of the assignment; null when the configuration gives the role.',
      held('assignmentId'),
      nullable,
    ),
    endsAt: value('DateTime', 'From when on it counts for nothing; null without an end.', held('endsAt'), nullable),
  },
})

/** How a role held is shown. */
export function shownRole({ role, scope, by }: RoleHeldShape): RoleShown {
  return {
    role: nameOf(role),
    roleId: globalId('Role', typeof role === 'string' ? role : role.id),
    scope,
    actions: actionsOf(role),
    principalKind: by?.principalKind ?? null,
    principalId: by?.principalId ?? null,
    assignmentId: by === undefined ? null : globalId('RoleAssignment', by.assignmentId),
    endsAt: by?.endsAt ?? null,
  }
}
