import type { GatewayContext } from '../context.ts'
import { builder } from '../builder.ts'
import { readMany, readOne } from './read.ts'
import { refOf, type EntityName } from './registry.ts'

type FieldBuilder<Parent> = PothosSchemaTypes.ObjectFieldBuilder<typeof builder.$inferSchemaTypes, Parent>

/**
 * A field of a payload or an event that holds one thing of the read side: one statement answers whatever is selected of
 * it, under the viewer's authorisation. `load` gives its id (not the global one); null, and what the viewer may not see,
 * answer null. In use: `grant: entityField(t, 'Grant', (outcome) => outcome.id, 'The grant, as it is now.')`.
 */
export function entityField<Parent>(
  t: FieldBuilder<Parent>,
  name: EntityName,
  load: (parent: Parent) => string | null,
  description: string,
) {
  return t.field({
    type: refOf(name),
    nullable: true,
    description,
    resolve: (parent, _args, context: GatewayContext, info) => readOne(context, info, name, load(parent)),
  })
}

/**
 * The same for a list, in the order of the ids; what is gone or may not be seen is left out of it. `most` is how many
 * there can be, where the input of a verb does not bound them: so much the whole may cost.
 */
export function entitiesField<Parent>(
  t: FieldBuilder<Parent>,
  name: EntityName,
  load: (parent: Parent) => readonly string[],
  description: string,
  most = 1,
) {
  return t.field({
    type: [refOf(name)],
    description,
    complexity: { field: 1, multiplier: most },
    resolve: (parent, _args, context: GatewayContext, info) => readMany(context, info, name, load(parent)),
  })
}
