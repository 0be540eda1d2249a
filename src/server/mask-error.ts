import { randomUUID } from 'node:crypto'
import { GraphQLError } from 'graphql'
import { describeError } from '../log/describe-error.ts'
import type { Log } from '../log/log.ts'
import { unavailable } from './errors.ts'

/**
 * SQLSTATEs that say "not now": connection lost (08), shutting down or starting (57P), too many connections (53300),
 * cancelled for time (57014), and the losers of a deadlock, a serialisation or a lock wait, who wrote nothing.
 */
const AWAY_STATES = /^(08...|57P0[1-5]|57014|53300|25P0[34]|40001|40P01|55P03)$/
const AWAY_CALLS = /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/
/** What pg says, without a code, when a connection fails or cannot be had in time. */
const AWAY_WORDS =
  /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error|Cannot use a pool after calling end)/

/** Whether an error, or what caused it, means that the database cannot be used now. */
export function isDatabaseAway(error: unknown): boolean {
  for (let link = error, depth = 0; link instanceof Error && depth < 8; depth += 1) {
    const code: unknown = Reflect.get(link, 'code')
    if (typeof code === 'string' && (AWAY_STATES.test(code) || AWAY_CALLS.test(code))) return true
    if (AWAY_WORDS.test(link.message)) return true
    link = link.cause ?? Reflect.get(link, 'originalError')
  }
  return false
}

/**
 * Turns what a resolver threw into what a caller may see. Errors made for the caller pass; a database that is away is
 * said to be so; anything else is hidden behind a correlation id, under which the log has it.
 */
export function createErrorMask(log: Log): (error: unknown) => GraphQLError {
  return (error) => {
    if (isMeantForCaller(error)) return error
    const place = error instanceof GraphQLError ? { nodes: error.nodes ?? null, path: error.path ?? null } : {}
    const thrown = error instanceof GraphQLError ? (error.originalError ?? error.cause) : error
    if (isDatabaseAway(thrown)) {
      log.warn({ error: describeError(thrown) }, 'the database is away')
      const { message, extensions } = unavailable('The database cannot be reached now. Try again.')
      return new GraphQLError(message, { ...place, extensions })
    }
    const correlationId = randomUUID()
    log.error(
      { correlationId, path: 'path' in place ? place.path : null, error: describeError(thrown) },
      'unexpected error',
    )
    // `unexpected` is yoga's own mark: an answer without data becomes a 500. It is not sent.
    const extensions = { code: 'INTERNAL', correlationId, unexpected: true }
    return new GraphQLError('Unexpected error.', { ...place, extensions })
  }
}

/** A GraphQL error somebody made on purpose: at the bottom of its chain is no other kind of error. */
function isMeantForCaller(error: unknown): error is GraphQLError {
  if (!(error instanceof GraphQLError)) return false
  const inner = error.originalError ?? error.cause
  return inner === undefined || inner === null || isMeantForCaller(inner)
}
