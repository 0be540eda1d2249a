import {
  getArgumentValues,
  getDirectiveValues,
  getNamedType,
  GraphQLBoolean,
  GraphQLIncludeDirective,
  GraphQLSkipDirective,
  isAbstractType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  type FieldNode,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql'

/** A selected field with what is selected below it, merged over fragments and repetitions as the executor merges it. */
export interface Selected {
  /** Its place in the walk. */
  readonly index: number
  /** The response key: the alias, or the field's name. */
  readonly key: string
  readonly name: string
  readonly arguments: Readonly<Record<string, unknown>>
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
  const field = info.parentType.getFields()[info.fieldName] as GraphQLField<unknown, unknown>
  return selectField(info, field, info.fieldNodes, args as Record<string, unknown>, only)
}

/** The selections, below the field being resolved, of the fields of its object type that `wanted` picks. */
export function selectionsBelow(info: GraphQLResolveInfo, wanted: (field: GraphQLField<unknown, unknown>) => boolean) {
  const type = getNamedType(info.returnType)
  if (!isObjectType(type)) return []
  return [...collect(info, type, info.fieldNodes)].flatMap(([key, nodes]) => {
    const field = type.getFields()[(nodes[0] as FieldNode).name.value]
    return field !== undefined && wanted(field) ? [{ key, field, selection: selectField(info, field, nodes, {}) }] : []
  })
}

function selectField(
  info: GraphQLResolveInfo,
  field: GraphQLField<unknown, unknown>,
  nodes: readonly FieldNode[],
  args: Record<string, unknown>,
  only?: readonly string[],
): Selection {
  const all: Selected[] = []
  const { selected, shape } = select(info, all, field, field.name, nodes, args, only)
  return { root: selected, shape, all }
}

function select(
  info: GraphQLResolveInfo,
  all: Selected[],
  field: GraphQLField<unknown, unknown>,
  key: string,
  nodes: readonly FieldNode[],
  args: Record<string, unknown>,
  only?: readonly string[],
): { selected: Selected; shape: string } {
  const types = new Map<string, SelectedType>()
  const selected: Selected = { index: all.length, key, name: field.name, arguments: args, types }
  all.push(selected)
  let shape = `${key}:${field.name}`
  for (const arg of field.args) shape += ` ${arg.name}=${shapeOf(arg.type, args[arg.name])}`
  for (const type of concreteTypes(info, field)) {
    if (only !== undefined && !only.includes(type.name)) continue
    const chosen = selectType(info, all, type, nodes)
    types.set(type.name, chosen)
    shape += `{${type.name} ${chosen.shape}}`
  }
  return { selected, shape }
}

function selectType(
  info: GraphQLResolveInfo,
  all: Selected[],
  type: GraphQLObjectType,
  parents: readonly FieldNode[],
): SelectedType {
  const fields: Selected[] = []
  const shapes: string[] = []
  for (const [key, nodes] of collect(info, type, parents)) {
    const node = nodes[0] as FieldNode
    const field = type.getFields()[node.name.value]
    if (field === undefined) continue // __typename: the executor knows it
    const args = field.args.length === 0 ? {} : getArgumentValues(field, node, info.variableValues)
    const { selected, shape } = select(info, all, field, key, nodes, args)
    fields.push(selected)
    shapes.push(shape)
  }
  return { fields, shape: shapes.join(',') }
}

/** The object types a field can answer whose fields come from SQL; plain types are read whole and not walked. */
function concreteTypes(info: GraphQLResolveInfo, field: GraphQLField<unknown, unknown>): readonly GraphQLObjectType[] {
  const type = getNamedType(field.type)
  if (!isCompositeType(type) || type.extensions['read'] !== true) return []
  return isAbstractType(type) ? info.schema.getPossibleTypes(type) : [type]
}

function collect(info: GraphQLResolveInfo, type: GraphQLObjectType, parents: readonly FieldNode[]) {
  const fields = new Map<string, FieldNode[]>()
  const visited = new Set<string>()
  const visit = (set: SelectionSetNode) => {
    for (const node of set.selections) {
      if (!isIncluded(info, node)) continue
      if (node.kind === 'Field') {
        const key = node.alias?.value ?? node.name.value
        const nodes = fields.get(key)
        if (nodes === undefined) fields.set(key, [node])
        else nodes.push(node)
        continue
      }
      if (node.kind === 'FragmentSpread') {
        if (visited.has(node.name.value)) continue
        visited.add(node.name.value)
      }
      const fragment = node.kind === 'FragmentSpread' ? info.fragments[node.name.value] : node
      if (fragment !== undefined && applies(info, fragment.typeCondition?.name.value, type))
        visit(fragment.selectionSet)
    }
  }
  for (const parent of parents) if (parent.selectionSet !== undefined) visit(parent.selectionSet)
  return fields
}

function applies(info: GraphQLResolveInfo, condition: string | undefined, type: GraphQLObjectType): boolean {
  if (condition === undefined || condition === type.name) return true
  const named = info.schema.getType(condition)
  return isAbstractType(named) && info.schema.isSubType(named, type)
}

function isIncluded(info: GraphQLResolveInfo, node: SelectionNode): boolean {
  if (node.directives === undefined || node.directives.length === 0) return true
  const skip = getDirectiveValues(GraphQLSkipDirective, node, info.variableValues)
  const include = getDirectiveValues(GraphQLIncludeDirective, node, info.variableValues)
  return skip?.['if'] !== true && include?.['if'] !== false
}

/** Enums and booleans may shape a statement's text, and so does whether a value is there; no other value does. */
function shapeOf(type: GraphQLInputType, value: unknown): string {
  if (value === undefined || value === null) return '-'
  if (isNonNullType(type)) return shapeOf(type.ofType, value)
  if (isListType(type)) return '[]'
  if (isEnumType(type) || type === GraphQLBoolean) return JSON.stringify(value)
  if (!isInputObjectType(type)) return '?'
  const parts = Object.values(type.getFields())
  return `(${parts.map((part) => `${part.name}=${shapeOf(part.type, (value as Record<string, unknown>)[part.name])}`).join(' ')})`
}
