import { GraphQLError } from 'graphql'
import type { LiveEnd } from './live-source.ts'

/** What the last answer of a subscription says of why it ended. */
export function endError(end: LiveEnd): GraphQLError {
  if (end === 'AUTHENTICATION_EXPIRED')
    return new GraphQLError('The access token has ended. Subscribe again with a new one, after the last cursor.', {
      extensions: { code: 'UNAUTHENTICATED' },
    })
  return new GraphQLError('Events cannot be read now. Subscribe again in a moment, after the last cursor.', {
    extensions: { code: 'UNAVAILABLE', retryable: true, retryAfter: 2 },
  })
}
