import SchemaBuilder, { type PothosOutputFieldConfig, type SchemaTypes } from '@pothos/core'
import { PothosComplexityPlugin } from '@pothos/plugin-complexity'
import type { GraphQLFieldResolver } from 'graphql'

type Resolver<Types extends SchemaTypes> = GraphQLFieldResolver<unknown, Types['Context'], object>

/**
 * Pothos' bounds of what an operation may cost, which it checks where a field of the root is resolved. A subscription is
 * resolved anew for each of its events: it is checked once, when it is made, so that one that costs too much never runs.
 */
class OperationCostPlugin<Types extends SchemaTypes> extends PothosComplexityPlugin<Types> {
  override wrapResolve(resolve: Resolver<Types>, field: PothosOutputFieldConfig<Types>): Resolver<Types> {
    return field.kind === 'Subscription' ? resolve : super.wrapResolve(resolve, field)
  }

  override wrapSubscribe(subscribe: Resolver<Types> | undefined): Resolver<Types> | undefined {
    if (subscribe === undefined) return undefined
    return (parent, args, context, info) => {
      this.checkComplexity(context, info)
      return subscribe(parent, args, context, info)
    }
  }
}

export const operationCost = 'operationCost'
SchemaBuilder.registerPlugin(operationCost, OperationCostPlugin)

declare global {
  export namespace PothosSchemaTypes {
    export interface Plugins<Types extends SchemaTypes> {
      operationCost: OperationCostPlugin<Types>
    }
  }
}
