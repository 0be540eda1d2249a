import {
  getDirectiveValues,
  GraphQLIncludeDirective,
  GraphQLSkipDirective,
  isAbstractType,
  type FieldNode,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql'

/** What a selection is read from: the fragments of an operation, and its variables as they were coerced. */
export type Document = Pick<GraphQLResolveInfo, 'schema' | 'fragments' | 'variableValues'>

/** The fields selected of an object type under their response keys, in order, from the selections of `parents`. */
export function collect(
  document: Document,
  type: GraphQLObjectType,
  parents: readonly { readonly selectionSet?: SelectionSetNode | undefined }[],
) {
  const fields = new Map<string, FieldNode[]>()
  const visited = new Set<string>()
  const visit = (set: SelectionSetNode) => {
    for (const node of set.selections) {
      if (!isIncluded(document, node)) continue
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
      const fragment = node.kind === 'FragmentSpread' ? document.fragments[node.name.value] : node
      if (fragment !== undefined && applies(document, fragment.typeCondition?.name.value, type))
        visit(fragment.selectionSet)
    }
  }
  for (const parent of parents) if (parent.selectionSet !== undefined) visit(parent.selectionSet)
  return fields
}

function applies(document: Document, condition: string | undefined, type: GraphQLObjectType): boolean {
  if (condition === undefined || condition === type.name) return true
  const named = document.schema.getType(condition)
  return isAbstractType(named) && document.schema.isSubType(named, type)
}

function isIncluded(document: Document, node: SelectionNode): boolean {
  if (node.directives === undefined || node.directives.length === 0) return true
  const skip = getDirectiveValues(GraphQLSkipDirective, node, document.variableValues)
  const include = getDirectiveValues(GraphQLIncludeDirective, node, document.variableValues)
  return skip?.['if'] !== true && include?.['if'] !== false
}
