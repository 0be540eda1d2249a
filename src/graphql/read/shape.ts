import {
  GraphQLBoolean,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  type GraphQLInputType,
} from 'graphql'

/** Enums and booleans may shape a statement's text, and so does whether a value is there; no other value does. */
export function shapeOf(type: GraphQLInputType, value: unknown): string {
  if (value === undefined || value === null) return '-'
  if (isNonNullType(type)) return shapeOf(type.ofType, value)
  if (isListType(type)) return '[]'
  if (isEnumType(type) || type === GraphQLBoolean) return JSON.stringify(value)
  if (!isInputObjectType(type)) return '?'
  const parts = Object.values(type.getFields())
  return `(${parts.map((part) => `${part.name}=${shapeOf(part.type, (value as Record<string, unknown>)[part.name])}`).join(' ')})`
}
