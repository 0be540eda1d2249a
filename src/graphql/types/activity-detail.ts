import type { FactKind } from '../../access/fact-kinds.ts'
import { Protocol } from '../enums.ts'
import type { Field } from '../read/description.ts'
import { value } from '../read/fields.ts'
import { failureSql, textsSql } from '../read/sql.ts'

/** Parts of what a fact carries, as SQL about its row. */
export const text = (name: string) => (row: string) => `${row}.detail->>'${name}'`
export const int = (name: string) => (row: string) => `(${row}.detail->>'${name}')::int`
export const texts = (name: string) => (row: string) => textsSql(`${row}.detail->'${name}'`)
/** What the cloud refused with, as a Failure has it. */
export const fault = (row: string) =>
  failureSql(`${row}.detail->'fault'->>'code'`, `${row}.detail->'fault'->>'message'`)

/** An object type that the facts of some kinds are, with the fields of what they carry. */
export const variant = (
  name: string,
  description: string,
  kinds: readonly FactKind[],
  fields: Record<string, Field>,
) => ({
  name,
  description,
  told: { by: 'kind', values: kinds },
  fields,
})

/** Fields that several of them have. */
export const port = value('Int', 'The port.', int('port'))
export const protocol = value(Protocol, 'What the port speaks.', text('protocol'))
export const name = value('String', 'Its name at that moment.', text('name'))
