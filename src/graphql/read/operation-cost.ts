import { complexityFromQuery } from '@pothos/plugin-complexity'
import type { GraphQLSchema } from 'graphql'
import type { OperationPlan, Variables } from './operation-plan.ts'

/** Bounds of one operation, checked before any of it runs. */
export interface OperationLimits {
  /** Fields from the root to the deepest leaf. */
  readonly depth: number
  /** Fields selected, each counted once however many rows have it. */
  readonly breadth: number
  /** Fields that can be answered: those of a page count once for each row it may have. */
  readonly complexity: number
}

/** Whether an operation keeps within the limits that its schema was made with, by the measure of the executor. */
export function isWithinLimits(
  schema: GraphQLSchema,
  { document }: OperationPlan,
  variables: Readonly<Record<string, unknown>>,
): boolean {
  const limits = schema.extensions['limits'] as OperationLimits | undefined
  if (limits === undefined) return true
  const { depth, breadth, complexity } = complexityFromQuery(document, { schema, variables: { ...variables } })
  return depth <= limits.depth && breadth <= limits.breadth && complexity <= limits.complexity
}

/** Equal for variables with which an operation costs the same: only sizes of pages and lengths of lists count. */
export function sizesOf({ variables }: OperationPlan, { coerced }: Variables): string {
  return variables
    .map(({ name }) => {
      const value = coerced[name]
      return typeof value === 'number' ? value : Array.isArray(value) ? value.length : ''
    })
    .join(' ')
}
