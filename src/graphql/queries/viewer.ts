import type { Viewer as ViewerShape } from '../../access/viewer.ts'
import { builder } from '../builder.ts'
import { oneJson } from '../read/compile.ts'
import type { Root } from '../read/description.ts'
import { nullable, plainList, plainOne, value } from '../read/fields.ts'
import { plain } from '../read/plain.ts'
import { entityNamed } from '../read/registry.ts'
import { rootOptions } from '../read/root-options.ts'
import { actorSql, elementsSql } from '../read/sql.ts'
import { accessField, accessOf } from '../types/access.ts'
import { shownRole, type RoleShown } from '../types/role-held.ts'

const rule = 'Everybody sees themselves.'

interface ShownViewer extends Pick<ViewerShape, 'actor' | 'address'> {
  readonly rolesHeld: readonly RoleShown[]
  readonly access: (asked: Parameters<typeof accessOf>[1]) => ReturnType<typeof accessOf>
}

const Viewer = plain<ShownViewer>({
  name: 'Viewer',
  description: 'Whoever asks, as the gateway knows them.',
  rule,
  fields: {
    actor: plainOne('Actor', 'Who it is.', (row) => {
      const part = (name: string) => `${row}.value->'actor'->>'${name}'`
      return actorSql(part('kind'), part('id'), part('name'))
    }),
    rolesHeld: plainList(
      'RoleHeld',
      'The roles held now, own and by groups and app roles.',
      (row) => elementsSql(`${row}.value->'rolesHeld'`),
      (held) => `${held}.n`,
    ),
    address: value(
      'String',
      'The address the call came from, behind trusted proxies; null when it cannot be told.',
      (row) => `${row}.value->>'address'`,
      nullable,
    ),
    access: accessField,
  },
})

function shown(viewer: ViewerShape): ShownViewer {
  const { actor, address, rolesHeld } = viewer
  return { actor, address, rolesHeld: rolesHeld.map(shownRole), access: (asked) => accessOf(viewer, asked) }
}

/** The viewer is known before anything is read: within a whole answer it is a parameter of the statement. */
const root: Root = {
  name: 'viewer',
  known: true,
  sql(parameters, node) {
    const known = parameters.shared('viewer as shown', ({ viewer }) => JSON.stringify(shown(viewer)), 'jsonb')
    return oneJson(parameters, entityNamed('Viewer'), node, () => 'true', { from: `(select ${known} as value)` })
  },
}

builder.queryField('viewer', (t) =>
  t.field({
    type: Viewer,
    description: 'Whoever asks.',
    ...rootOptions(rule, root),
    resolve: (_root, _args, { viewer }) => shown(viewer),
  }),
)
