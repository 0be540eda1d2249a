import {
  getVariableValues,
  Kind,
  typeFromAST,
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLInputType,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql'
import type { Document } from './collect.ts'
import { shapeOf } from './shape.ts'

/** The variables of a call, as they were coerced. */
export type Variables = Document['variableValues']

/** An operation of a document, with what is read of it once. */
export interface OperationPlan {
  readonly operation: OperationDefinitionNode
  /** The document without its other operations. */
  readonly document: DocumentNode
  readonly fragments: Document['fragments']
  readonly variables: readonly { readonly name: string; readonly type: GraphQLInputType }[]
}

/** The plan of a query of a valid document; null for any other operation, and when there is not one of that name. */
export function planOperation(
  schema: GraphQLSchema,
  { definitions }: DocumentNode,
  operationName: string | null,
): OperationPlan | null {
  const operations = definitions.filter((one) => one.kind === Kind.OPERATION_DEFINITION)
  const named = operationName === null ? operations : operations.filter(({ name }) => name?.value === operationName)
  const [operation] = named
  if (operation?.operation !== 'query' || named.length > 1) return null
  const fragments = definitions.filter((one) => one.kind === Kind.FRAGMENT_DEFINITION)
  return {
    operation,
    document: { kind: Kind.DOCUMENT, definitions: [operation, ...fragments] },
    fragments: Object.fromEntries(fragments.map((one): [string, FragmentDefinitionNode] => [one.name.value, one])),
    variables: (operation.variableDefinitions ?? []).map(({ variable, type }) => ({
      name: variable.name.value,
      type: typeFromAST(schema, type) as GraphQLInputType,
    })),
  }
}

/** The variables of a call, coerced; null when they are not what the operation asks for. */
export function variablesOf(
  schema: GraphQLSchema,
  { operation }: OperationPlan,
  given: Readonly<Record<string, unknown>>,
): Variables | null {
  return getVariableValues(schema, operation.variableDefinitions ?? [], given).variableValues ?? null
}

/** Equal for variables with which one statement answers the operation. */
export function shapeOfVariables({ variables }: OperationPlan, { coerced }: Variables): string {
  return variables.map(({ name, type }) => (Object.hasOwn(coerced, name) ? shapeOf(type, coerced[name]) : '')).join(' ')
}
