import { builder } from '../builder.ts'
import type { NodeType } from '../global-id.ts'
import { Node } from '../read/entity.ts'
import { entityNamed, refOf } from '../read/registry.ts'
import { rootOptions } from '../read/root-options.ts'
import { anyThing, anyThings, MOST_NODES, thing } from '../read/roots.ts'

/** A query for one thing of a type by its id. */
function byId(field: string, type: NodeType): void {
  builder.queryField(field, (t) =>
    t.field({
      type: refOf(type),
      nullable: true,
      description: `One ${type}; null when there is none with that id, or the viewer may not see it.`,
      args: { id: t.arg.id({ required: true, description: `The id of a ${type}.` }) },
      ...rootOptions(entityNamed(type).authorisation.rule, thing(type)),
    }),
  )
}

byId('virtualMachine', 'VirtualMachine')
byId('policy', 'Policy')
byId('policyTemplate', 'PolicyTemplate')
byId('request', 'Request')
byId('grant', 'Grant')
byId('lockdown', 'Lockdown')
byId('boundary', 'Boundary')
byId('account', 'Account')
byId('role', 'Role')

const byTypeRule = 'By the rule of the concrete type.'

builder.queryField('node', (t) =>
  t.field({
    type: Node,
    nullable: true,
    description: 'Anything by its id; null when there is nothing with that id, or the viewer may not see it.',
    args: { id: t.arg.id({ required: true, description: 'The id of anything.' }) },
    ...rootOptions(byTypeRule, anyThing),
  }),
)

builder.queryField('nodes', (t) =>
  t.field({
    type: [Node],
    nullable: { list: false, items: true },
    description: 'Things by their ids, one answer an id: null when there is none, or the viewer may not see it.',
    args: { ids: t.arg.idList({ required: true, description: `At most ${String(MOST_NODES)} ids of anything.` }) },
    complexity: ({ ids }) => ({ field: 1, multiplier: Math.max(1, ids.length) }),
    ...rootOptions(byTypeRule, anyThings),
  }),
)
