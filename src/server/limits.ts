import {
  Kind,
  parse,
  type ASTVisitor,
  type DocumentNode,
  type SelectionSetNode,
  type Source,
  GraphQLError,
  type ValidationContext,
  type ValidationRule,
} from 'graphql'
import { badRequest } from './errors.ts'

/** Longest document, in characters: comments and strings are no tokens, and parsed documents are kept. */
const MAX_DOCUMENT_LENGTH = 65_536
/** Most renamed fields in a document: each may do the work of its field once more. */
const MAX_ALIASES = 50

/** Parses a document of bounded length and tokens; throws a GraphQLError for any other. */
export function parseWithin(source: string | Source, maxTokens: number): DocumentNode {
  const length = typeof source === 'string' ? source.length : source.body.length
  if (length > MAX_DOCUMENT_LENGTH)
    throw badRequest('OPERATION_TOO_LARGE', `A document has at most ${String(MAX_DOCUMENT_LENGTH)} characters.`)
  return parse(source, { maxTokens })
}

/** Refuses operations that select more than `most` levels deep. Introspection has a rule of its own in graphql-js. */
export function depthRule(most: number): ValidationRule {
  return function OperationDepthRule(context: ValidationContext): ASTVisitor {
    const deepest = depthOf(context)
    return {
      OperationDefinition(operation) {
        if (deepest(operation.selectionSet) > most)
          context.reportError(tooCostly(`is more than ${String(most)} levels deep`))
      },
    }
  }
}

/** Refuses documents that rename too many fields. */
export function aliasRule(context: ValidationContext): ASTVisitor {
  let aliases = 0
  return {
    Field(field) {
      if (field.alias === undefined) return
      aliases += 1
      if (aliases === MAX_ALIASES + 1) context.reportError(tooCostly(`has more than ${String(MAX_ALIASES)} aliases`))
    },
  }
}

function tooCostly(what: string): GraphQLError {
  return new GraphQLError(`The operation ${what}.`, { extensions: { code: 'OPERATION_TOO_COSTLY' } })
}

/** Levels of a selection set, each fragment measured once; a cycle of fragments is another rule's to report. */
function depthOf(context: ValidationContext): (selections: SelectionSetNode) => number {
  const fragments = new Map<string, number>()
  const measure = (set: SelectionSetNode): number => {
    let deepest = 0
    for (const selection of set.selections) deepest = Math.max(deepest, levels(selection))
    return deepest
  }
  const levels = (selection: SelectionSetNode['selections'][number]): number => {
    if (selection.kind === Kind.INLINE_FRAGMENT) return measure(selection.selectionSet)
    if (selection.kind === Kind.FIELD) {
      if (selection.name.value.startsWith('__')) return 0
      return 1 + (selection.selectionSet === undefined ? 0 : measure(selection.selectionSet))
    }
    const name = selection.name.value
    const known = fragments.get(name)
    if (known !== undefined) return known
    fragments.set(name, 0)
    const fragment = context.getFragment(name)
    const depth = fragment === undefined || fragment === null ? 0 : measure(fragment.selectionSet)
    fragments.set(name, depth)
    return depth
  }
  return measure
}
