import SchemaBuilder from '@pothos/core'
import { ComplexityErrorKind } from '@pothos/plugin-complexity'
import { GraphQLError } from 'graphql'
import type { GatewayContext } from './context.ts'
import { operationCost } from './operation-cost-plugin.ts'

/**
 * The one builder every type, query and verb is declared on. Fields are non-null unless they say `nullable: true`.
 * Every object type, and every field of Query, Mutation and Subscription, states in one sentence who may see or do it:
 * `extensions: { authorisation: '…' }`. A test fails for one that does not.
 */
export const builder = new SchemaBuilder<{
  Context: GatewayContext
  DefaultFieldNullability: false
  Scalars: {
    ID: { Input: string; Output: string }
    /** In: a Date. Out: ISO 8601 text as SQL gave it, or a Date. */
    DateTime: { Input: Date; Output: string | Date }
    /** In and out: whole seconds. */
    Duration: { Input: number; Output: number }
    /** Text; what comes in is checked by the verb that takes it, which can say what is wrong with it. */
    CIDR: { Input: string; Output: string }
  }
}>({
  plugins: [operationCost],
  defaultFieldNullability: false,
  complexity: {
    defaultListMultiplier: 1,
    complexityError: (kind, { complexity, depth, breadth, maxComplexity, maxDepth, maxBreadth }) =>
      new GraphQLError(
        kind === ComplexityErrorKind.Depth
          ? `The operation is ${String(depth)} levels deep; at most ${String(maxDepth)} are allowed.`
          : kind === ComplexityErrorKind.Breadth
            ? `The operation selects ${String(breadth)} fields; at most ${String(maxBreadth)} are allowed.`
            : `The operation may cost ${String(complexity)}; at most ${String(maxComplexity)} is allowed. Ask for smaller pages.`,
        { extensions: { code: 'OPERATION_TOO_COSTLY' } },
      ),
  },
})

builder.queryType({
  description: 'What a viewer may read. Things that do not exist and things that may not be seen both answer null.',
})
