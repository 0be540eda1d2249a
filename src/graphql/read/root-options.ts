import type { GraphQLField, GraphQLResolveInfo } from 'graphql'
import type { GatewayContext } from '../context.ts'
import type { Root } from './description.ts'
import { readRoot } from './read.ts'

/** The part of a field of Query that says who may see it and how it is read: by a resolver, or within a whole answer. */
export function rootOptions(authorisation: string, root: Root) {
  return {
    extensions: { authorisation, root },
    resolve: async (_root: object, args: object, context: GatewayContext, info: GraphQLResolveInfo) =>
      (await readRoot(context, info, args, root)) as never,
  }
}

/** How a field of Query is read; undefined for one that is no read of the database. */
export function rootOf(field: GraphQLField<unknown, unknown>): Root | undefined {
  return field.extensions['root'] as Root | undefined
}
