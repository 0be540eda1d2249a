import { GraphQLError } from 'graphql'

/** An argument that no statement was run for: answered as a top-level error with the code `BAD_USER_INPUT`. */
export function badInput(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } })
}
