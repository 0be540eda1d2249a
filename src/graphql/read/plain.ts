import { builder } from '../builder.ts'
import { schemaFields, type Declared } from './entity.ts'
import { register } from './registry.ts'

/**
 * Declares a type of values that belong to a row and have no table: fields of it say what they are made of. `Shape` is
 * how code makes such values itself, with the fields as properties.
 */
export function plain<Shape>(declared: Omit<Declared, 'table' | 'authorisation'> & { readonly rule: string }) {
  const { name, description, rule, fields } = declared
  const ref = builder.objectRef<Shape>(name)
  ref.implement({
    description,
    extensions: { authorisation: rule, read: true },
    fields: (t) => schemaFields(t as never, fields, {}),
  })
  register({ name, fields, table: '', plain: true, authorisation: { rule, where: () => 'true' } }, ref, undefined)
  return ref
}
