import type { Outcome } from '../../commands/command.ts'
import { builder } from '../builder.ts'
import { entityField } from '../read/entity-field.ts'
import type { EntityName } from '../read/registry.ts'
import { userErrorsField } from './user-errors-field.ts'

/** Who is told what a verb answers. */
export const toldToCaller = { authorisation: 'Told only to the caller of the verb.' }

/** The payload of a verb about one thing, which is read as it is after the verb. */
export function outcomePayload(name: string, entity: EntityName, field: string, description: string) {
  const payload = builder.objectRef<Outcome>(name)
  payload.implement({
    description: `What became of the call. \`${field}\` is read after it.`,
    extensions: toldToCaller,
    fields: (t) => ({
      [field]: entityField(t, entity, ({ id }) => id, description),
      userErrors: userErrorsField(t),
    }),
  })
  return payload
}
