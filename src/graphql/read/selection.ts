import {
  getArgumentValues,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isObjectType,
  TypeNameMetaFieldDef,
  type FieldNode,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
} from 'graphql'
import { collect, type Document } from './collect.ts'
import { shapeOf } from './shape.ts'

type AnyField = GraphQLField<unknown, unknown>

/** A selected field with what is selected below it, merged over fragments and repetitions as the executor merges it. */
export interface Selected {
  /** Its place in the walk. */
  readonly index: number
  /** The response key: the alias, or the field's name. */
  readonly key: string
  readonly name: string
  readonly type: GraphQLOutputType
  readonly arguments: Readonly<Record<string, unknown>>
  /** The field of the schema, and where the document has its arguments. */
  readonly asked: { readonly field: AnyField; readonly node: FieldNode }
  /** What is selected of each object type it can answer. */
  readonly types: ReadonlyMap<string, SelectedType>
}

export interface SelectedType {
  /** Equal for selections that one statement answers: everything but the values that are parameters. */
  readonly shape: string
  readonly fields: readonly Selected[]
}

/** All that is selected below one field of Query or of a payload. */
export interface Selection {
  readonly root: Selected
  readonly shape: string
  /** Every field in the order of the walk. */
  readonly all: readonly Selected[]
}

/**
 * Reads the selection of the field that is being resolved. `only` narrows an abstract type to the object types that the
 * answer can have.
 */
export function selectionOf(info: GraphQLResolveInfo, args: object, only?: readonly string[]): Selection {
  const field = info.parentType.getFields()[info.fieldName] as AnyField
  return selectionOfField(info, field, info.fieldNodes, args as Record<string, unknown>, only)
}

/** The selections, below the field being resolved, of the fields of its object type that `wanted` picks. */
export function selectionsBelow(info: GraphQLResolveInfo, wanted: (field: AnyField) => boolean) {
  const type = getNamedType(info.returnType)
  if (!isObjectType(type)) return []
  return [...collect(info, type, info.fieldNodes)].flatMap(([key, nodes]) => {
    const field = type.getFields()[(nodes[0] as FieldNode).name.value]
    return field !== undefined && wanted(field)
      ? [{ key, field, selection: selectionOfField(info, field, nodes, {}) }]
      : []
  })
}

function selectionOfField(
  document: Document,
  field: AnyField,
  nodes: readonly FieldNode[],
  args: Record<string, unknown>,
  only?: readonly string[],
): Selection {
  const all: Selected[] = []
  const { selected, shape } = selectField(document, all, field, field.name, nodes, args, only)
  return { root: selected, shape, all }
}

/** Walks the selection of one field with these arguments, adding each field on the way to `all`. */
export function selectField(
  document: Document,
  all: Selected[],
  field: AnyField,
  key: string,
  nodes: readonly FieldNode[],
  args: Readonly<Record<string, unknown>>,
  only?: readonly string[],
): { readonly selected: Selected; readonly shape: string } {
  const types = new Map<string, SelectedType>()
  const asked = { field, node: nodes[0] as FieldNode }
  const selected = { index: all.length, key, name: field.name, type: field.type, arguments: args, asked, types }
  all.push(selected)
  let shape = `${key}:${field.name}`
  for (const arg of field.args) shape += ` ${arg.name}=${shapeOf(arg.type, args[arg.name])}`
  for (const type of concreteTypes(document, field)) {
    if (only !== undefined && !only.includes(type.name)) continue
    const chosen = selectType(document, all, type, nodes)
    types.set(type.name, chosen)
    shape += `{${type.name} ${chosen.shape}}`
  }
  return { selected, shape }
}

function selectType(
  document: Document,
  all: Selected[],
  type: GraphQLObjectType,
  parents: readonly FieldNode[],
): SelectedType {
  const fields: Selected[] = []
  const shapes: string[] = []
  for (const [key, nodes] of collect(document, type, parents)) {
    const node = nodes[0] as FieldNode
    const field = node.name.value === '__typename' ? TypeNameMetaFieldDef : type.getFields()[node.name.value]
    if (field === undefined) continue
    const args = field.args.length === 0 ? {} : getArgumentValues(field, node, document.variableValues)
    const { selected, shape } = selectField(document, all, field, key, nodes, args)
    fields.push(selected)
    shapes.push(shape)
  }
  return { fields, shape: shapes.join(',') }
}

/** The object types a field can answer whose fields come from SQL. */
function concreteTypes({ schema }: Document, field: AnyField): readonly GraphQLObjectType[] {
  const type = getNamedType(field.type)
  if (!isCompositeType(type) || type.extensions['read'] !== true) return []
  return isAbstractType(type) ? schema.getPossibleTypes(type) : [type]
}
