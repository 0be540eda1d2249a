/** What of an error may be logged. Statement parameters and row values never are: they can hold what callers wrote. */
export interface ErrorDescription {
  readonly name: string
  readonly message: string
  /** A SQLSTATE, a system call's code or a cloud's own. */
  readonly code?: string
  /** The statement that failed, with `$1` where its parameters stood. */
  readonly statement?: string
  readonly constraint?: string
  readonly frames?: readonly string[]
  readonly cause?: ErrorDescription
}

/** How deep a chain of causes is followed. */
const MAX_CAUSES = 5
/** SQLSTATE class 22 is about data: its messages quote the value. */
const QUOTES_DATA = /^22[0-9A-Z]{3}$/

/** Describes anything thrown, with its causes, fit for a log. */
export function describeError(error: unknown, depth = 0): ErrorDescription {
  if (!(error instanceof Error)) return { name: 'Thrown', message: typeof error === 'string' ? error : typeof error }
  const code = textOf(error, 'code')
  const statement = textOf(error, 'query')
  const constraint = textOf(error, 'constraint')
  const frames = error.stack?.split('\n').filter((line) => /^ {4}at /.test(line))
  const cause = depth < MAX_CAUSES ? causeOf(error) : undefined
  return {
    name: error.constructor.name || error.name,
    message: messageOf(error, code, statement),
    ...(code === undefined ? {} : { code }),
    ...(statement === undefined ? {} : { statement }),
    ...(constraint === undefined ? {} : { constraint }),
    ...(frames === undefined || depth > 0 ? {} : { frames: frames.slice(0, 12).map((line) => line.trim()) }),
    ...(cause === undefined ? {} : { cause: describeError(cause, depth + 1) }),
  }
}

function messageOf(error: Error, code: string | undefined, statement: string | undefined): string {
  // drizzle writes the parameters into the message of a failed query.
  if (statement !== undefined && 'params' in error) return 'a statement failed'
  if (code !== undefined && QUOTES_DATA.test(code)) return 'a value was refused by the database'
  return error.message
}

function causeOf(error: Error): unknown {
  if (error.cause !== undefined && error.cause !== null) return error.cause
  return 'originalError' in error ? (error.originalError ?? undefined) : undefined
}

function textOf(error: Error, field: string): string | undefined {
  const value: unknown = Reflect.get(error, field)
  return typeof value === 'string' && value !== '' ? value : undefined
}
