import { builder } from '../builder.ts'
import { globalIdSql, type NodeType } from '../global-id.ts'
import { TYPE_KEY } from './compile.ts'
import type { Authorisation, Connection, Entity, Field, Variant } from './description.ts'
import { pageCost } from './page-size.ts'
import { connectionOf, fromRow } from './page-types.ts'
import { refOf, register, type Row } from './registry.ts'

type ObjectFields = PothosSchemaTypes.ObjectFieldBuilder<typeof builder.$inferSchemaTypes, Row>
type AnyField = ReturnType<ObjectFields['field']>

/** Everything that has a global id. */
export const Node = builder.interfaceRef<Row>('Node')
Node.implement({
  description: 'A thing with an id that is unique over all types and never changes.',
  extensions: { authorisation: 'By the rule of the concrete type.', read: true },
  resolveType: (row) => row[TYPE_KEY] as string,
  fields: (t) => ({ id: t.id({ description: 'Opaque id, unique over all types.', ...fromRow }) }),
})

export interface Declared {
  readonly name: string
  readonly description: string
  readonly table: string
  readonly authorisation: Authorisation
  readonly fields: Readonly<Record<string, Field>>
}

/** A type with a global id and a connection of its own; `key` is the column the id is made of. */
interface DeclaredNode extends Declared {
  readonly name: NodeType
  readonly key: NonNullable<Entity['key']>
}

/**
 * Declares a type once: the type of the schema with resolvers that read properties of an answered row, and the
 * description that the compiler makes statements from.
 */
export function entity(declared: DeclaredNode): void {
  const { name, description, authorisation } = declared
  const fields = { id: idField(declared), ...declared.fields }
  const ref = builder.objectRef<Row>(name)
  ref.implement({
    description,
    interfaces: [Node],
    extensions: { authorisation: authorisation.rule, read: true },
    fields: (t) => schemaFields(t as never, fields),
  })
  register({ ...declared, fields }, ref, connectionOf(name, ref))
}

/** Declares a type whose rows belong to another's and are visible with it; `paged` gives it a connection. */
export function part(declared: Declared & { readonly paged?: boolean }): void {
  const ref = builder.objectRef<Row>(declared.name)
  ref.implement({
    description: declared.description,
    extensions: { authorisation: declared.authorisation.rule, read: true },
    fields: (t) => schemaFields(t as never, declared.fields),
  })
  register(declared, ref, declared.paged === true ? connectionOf(declared.name, ref) : undefined)
}

/** Declares an interface over one table, and the object types its rows are. */
export function entityInterface(
  declared: DeclaredNode & { readonly variants: readonly (Variant & { readonly description: string })[] },
): void {
  const { name, description, authorisation, variants } = declared
  const fields = { id: idField(declared), ...declared.fields }
  const extensions = { authorisation: authorisation.rule, read: true }
  const ref = builder.interfaceRef<Row>(name)
  ref.implement({
    description,
    interfaces: [Node],
    extensions,
    resolveType: (row) => row[TYPE_KEY] as string,
    fields: (t) => schemaFields(t as never, fields),
  })
  for (const variant of variants)
    builder.objectRef<Row>(variant.name).implement({
      description: variant.description,
      interfaces: [Node, ref],
      extensions,
      fields: (t) => schemaFields(t as never, variant.fields),
    })
  register({ ...declared, fields }, ref, connectionOf(name, ref as never))
}

function idField({ name, key }: DeclaredNode): Field {
  return {
    kind: 'value',
    type: 'ID',
    description: 'Opaque id, unique over all types.',
    sql: (row) => globalIdSql(name, `${row}.${key.column}`),
    stored: true,
  }
}

/** Fields whose resolvers are `resolver`: those of plain values are the properties of the same name. */
export function schemaFields(
  t: ObjectFields,
  fields: Readonly<Record<string, Field>>,
  resolver: object = fromRow,
): Record<string, AnyField> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, schemaField(t, name, field, resolver)]),
  )
}

function schemaField(t: ObjectFields, name: string, field: Field, resolver: object): AnyField {
  const common = {
    description: field.description,
    extensions: {
      ...(field.authorisation === undefined ? {} : { authorisation: field.authorisation }),
      ...(field.perAddress === undefined ? {} : { perAddress: field.perAddress }),
    },
    ...(field.kind === 'one' && field.args !== undefined ? { args: field.args } : {}),
    ...resolver,
  }
  if (field.kind === 'connection') return t.field({ ...connectionOptions(name, field), ...common } as never)
  const [type, list] =
    field.kind === 'value'
      ? [field.type, field.list === true]
      : [refOf(field.kind === 'one' ? field.to : field.of), field.kind === 'parts']
  const nullable = field.kind === 'one' ? field.nonNull !== true : field.kind === 'value' && field.nullable === true
  return t.field({ type: list ? [type] : type, nullable, ...common } as never)
}

/** The type, arguments and cost of a field that answers a connection. */
export function connectionOptions(name: string, field: Connection) {
  const orderBy = field.orders.length > 1 ? orderEnum(name, field) : null
  return {
    type: refOf(`${field.of}Connection`),
    args: builder.args((t) => ({
      first: t.int({ description: 'Rows from the beginning: 0 to 100, 20 when neither end is given.' }),
      after: t.string({ description: 'Rows behind this cursor only.' }),
      last: t.int({ description: 'Rows from the end instead: 0 to 100. They keep their order.' }),
      before: t.string({ description: 'Rows ahead of this cursor only.' }),
      ...(field.filter === undefined
        ? {}
        : { filter: t.field({ type: field.filter.input as never, description: 'Rows that meet all of this only.' }) }),
      ...(orderBy === null
        ? {}
        : { orderBy: t.field({ type: orderBy, description: `${field.orders[0].name} by default.` }) }),
    })),
    complexity: (args: { first?: unknown; last?: unknown }) => ({ field: 1, multiplier: pageCost(args) }),
  }
}

const orderEnums = new Map<Connection['orders'], ReturnType<typeof builder.enumType>>()

/** The enum of a connection's orders; connections that share their orders share it. */
function orderEnum(name: string, field: Connection) {
  const known = orderEnums.get(field.orders)
  if (known !== undefined) return known
  const made = builder.enumType(`${field.of}Order`, {
    description: `An order of ${name}.`,
    values: Object.fromEntries(field.orders.map((order) => [order.name, { description: order.description }])),
  })
  orderEnums.set(field.orders, made)
  return made
}
