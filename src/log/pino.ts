import { destination, pino, stdTimeFunctions } from 'pino'
import { describeError } from './describe-error.ts'
import type { Log } from './log.ts'

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

/** Fields that are cut out wherever they stand at the first two levels, should one ever be logged. */
const SECRETS = ['authorization', 'token', 'password', 'secret', 'clientSecret', 'databaseUrl', 'connectionString']

/**
 * One JSON line an event, on standard error: standard output stays free for what a person is told at start.
 * A field named `error` is described without what callers wrote.
 */
export function pinoLog(level: LogLevel): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: (error: unknown) => describeError(error), err: (error: unknown) => describeError(error) },
      redact: { paths: SECRETS.flatMap((name) => [name, `*.${name}`]), censor: '[redacted]' },
    },
    destination({ dest: 2, sync: true }),
  )
}
