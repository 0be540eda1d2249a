import type { Viewer as ViewerShape } from '../../access/viewer.ts'
import { builder } from '../builder.ts'
import { Actor, RoleHeldType } from '../types/plain.ts'

const Viewer = builder.objectRef<ViewerShape>('Viewer')
Viewer.implement({
  description: 'Whoever asks, as the gateway knows them.',
  extensions: { authorisation: 'Everybody sees themselves.' },
  fields: (t) => ({
    actor: t.field({ type: Actor, description: 'Who it is.', resolve: ({ actor }) => actor }),
    rolesHeld: t.field({
      type: [RoleHeldType],
      description: 'The roles held, own and by groups and app roles.',
      resolve: ({ rolesHeld }) => rolesHeld,
    }),
    address: t.exposeString('address', {
      nullable: true,
      description: 'The address the call came from, behind trusted proxies; null when it cannot be told.',
    }),
  }),
})

builder.queryField('viewer', (t) =>
  t.field({
    type: Viewer,
    description: 'Whoever asks.',
    extensions: { authorisation: 'Everybody sees themselves.' },
    resolve: (_root, _args, { viewer }) => viewer,
  }),
)
