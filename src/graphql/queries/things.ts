import { badInput } from '../bad-input.ts'
import { builder } from '../builder.ts'
import { parseGlobalId, type NodeType } from '../global-id.ts'
import { readId } from '../ids.ts'
import { Node } from '../read/entity.ts'
import { readNodes, readOne } from '../read/read.ts'
import { entityNamed, refOf } from '../read/registry.ts'

/** Most ids `nodes` takes. */
const MOST_NODES = 100

/** A query for one thing of a type by its id. */
function byId(field: string, type: NodeType): void {
  builder.queryField(field, (t) =>
    t.field({
      type: refOf(type),
      nullable: true,
      description: `One ${type}; null when there is none with that id, or the viewer may not see it.`,
      extensions: { authorisation: entityNamed(type).authorisation.rule },
      args: { id: t.arg.id({ required: true, description: `The id of a ${type}.` }) },
      resolve: (_root, { id }, context, info) => readOne(context, info, type, readId(id, type)),
    }),
  )
}

byId('virtualMachine', 'VirtualMachine')
byId('policy', 'Policy')
byId('request', 'Request')
byId('grant', 'Grant')
byId('boundary', 'Boundary')
byId('account', 'Account')

const byTypeRule = { authorisation: 'By the rule of the concrete type.' }

builder.queryField('node', (t) =>
  t.field({
    type: Node,
    nullable: true,
    description: 'Anything by its id; null when there is nothing with that id, or the viewer may not see it.',
    extensions: byTypeRule,
    args: { id: t.arg.id({ required: true, description: 'The id of anything.' }) },
    resolve: async (_root, args, context, info) =>
      (await readNodes(context, info, args, [readAny(args.id)]))[0] ?? null,
  }),
)

builder.queryField('nodes', (t) =>
  t.field({
    type: [Node],
    nullable: { list: false, items: true },
    description: 'Things by their ids, one answer an id: null when there is none, or the viewer may not see it.',
    extensions: byTypeRule,
    args: { ids: t.arg.idList({ required: true, description: `At most ${String(MOST_NODES)} ids of anything.` }) },
    complexity: ({ ids }) => ({ field: 1, multiplier: Math.max(1, ids.length) }),
    resolve: (_root, args, context, info) => {
      if (args.ids.length > MOST_NODES) throw badInput(`At most ${String(MOST_NODES)} ids can be given.`)
      return readNodes(context, info, args, args.ids.map(readAny))
    },
  }),
)

function readAny(id: string) {
  const parsed = parseGlobalId(id)
  if (parsed === null) throw badInput(`${JSON.stringify(id.slice(0, 80))} is not an id.`)
  return parsed
}
