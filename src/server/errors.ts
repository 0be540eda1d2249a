import { GraphQLError, type GraphQLFormattedError } from 'graphql'
import { describeError } from '../log/describe-error.ts'
import type { Log } from '../log/log.ts'
import { Unauthenticated } from './identity/failure.ts'

/** How long a caller is asked to wait before it tries again, in seconds. */
const RETRY_AFTER_SECONDS = 2

/** Something the gateway needs is away: nothing is wrong with the request, and trying again may help. */
export function unavailable(message: string): GraphQLError {
  return new GraphQLError(message, {
    extensions: {
      code: 'UNAVAILABLE',
      retryable: true,
      retryAfter: RETRY_AFTER_SECONDS,
      http: { status: 503, headers: { 'retry-after': String(RETRY_AFTER_SECONDS) } },
    },
  })
}

/** A caller sends more operations than it may. */
export function tooManyRequests(waitMs: number): GraphQLError {
  const retryAfter = Math.max(1, Math.ceil(waitMs / 1000))
  return new GraphQLError('You send more operations than you may. Try again later.', {
    extensions: {
      code: 'TOO_MANY_REQUESTS',
      retryable: true,
      retryAfter,
      http: { status: 429, headers: { 'retry-after': String(retryAfter) } },
    },
  })
}

/** The request cannot be carried out as it stands. */
export function badRequest(code: string, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code, http: { status: 400 } } })
}

/** What a caller is told when authentication failed. */
export function authenticationError(error: unknown, log: Log): GraphQLError {
  if (!(error instanceof Unauthenticated)) {
    log.warn({ error: describeError(error) }, 'callers cannot be authenticated')
    return unavailable('Callers cannot be authenticated now. Try again.')
  }
  return new GraphQLError(error.message, {
    extensions: { code: 'UNAUTHENTICATED', http: { status: 401, headers: { 'www-authenticate': 'Bearer' } } },
  })
}

/** An error as a WebSocket carries it: without the marks that shape an HTTP response. */
export function formatError(error: GraphQLError): GraphQLFormattedError {
  const formatted = error.toJSON()
  if (formatted.extensions === undefined) return formatted
  const { http: _http, unexpected: _unexpected, ...extensions } = formatted.extensions
  return { ...formatted, extensions }
}
