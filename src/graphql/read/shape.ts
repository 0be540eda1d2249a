import {
  GraphQLBoolean,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  type GraphQLInputType,
} from 'graphql'

/**
 * Enums, lists of them and booleans may shape a statement's text, and so does whether a value is there; no other value
 * does.
 */
export function shapeOf(type: GraphQLInputType, value: unknown): string {
  if (value === undefined || value === null) return '-'
  if (isNonNullType(type)) return shapeOf(type.ofType, value)
  if (isListType(type)) {
    const of = isNonNullType(type.ofType) ? type.ofType.ofType : type.ofType
    return isEnumType(of) ? JSON.stringify(distinct(value as readonly string[])) : '[]'
  }
  if (isEnumType(type) || type === GraphQLBoolean) return JSON.stringify(value)
  if (!isInputObjectType(type)) return '?'
  const parts = Object.values(type.getFields())
  return `(${parts.map((part) => `${part.name}=${shapeOf(part.type, (value as Record<string, unknown>)[part.name])}`).join(' ')})`
}

/** The same for lists that hold the same words. */
export function distinct(words: readonly string[]): string[] {
  return [...new Set(words)].toSorted()
}
