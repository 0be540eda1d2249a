import { CloudError } from '../error.ts'

/** Codes of TLS that say the certificate is not trusted, rather than that nobody answers. */
const UNTRUSTED = /^(UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO_|CERT_|ERR_TLS_)/

/** What Entra says when it cannot answer for the moment, rather than that it refuses. */
const PASSING = /temporarily_unavailable|server_error|AADSTS900(02|20|33|37)\b/

/** A call that got no answer: the write in it may or may not have happened. `what` names who was called. */
export function unreachable(error: unknown, what: string): CloudError {
  if (error instanceof CloudError) return error
  const code = textOf(error, 'code') ?? textOf(causeOf(error), 'code') ?? textOf(error, 'name') ?? 'NoAnswer'
  const more = { cause: error }
  if (UNTRUSTED.test(code)) {
    const message = `The certificate of ${what} is not trusted (${code}): name its authority in ARM_CA_FILE.`
    return new CloudError('UNAVAILABLE', code, message, more)
  }
  return new CloudError('UNAVAILABLE', code, `${what} did not answer (${code}); the gateway tries again.`, more)
}

/** A call that was not answered in its time, or given up by whoever made it. */
export function unanswered(what: string, timeoutMs: number, givenUp: boolean): CloudError {
  if (givenUp) return new CloudError('UNAVAILABLE', 'Aborted', `The call to ${what} was given up.`)
  const message = `${what} did not answer within ${String(timeoutMs)} ms; the gateway tries again.`
  return new CloudError('UNAVAILABLE', 'TimedOut', message)
}

/**
 * No token could be had. A refusal by Entra is for a person to mend, and is known by its code; whatever else went wrong
 * may pass. Of the SDK's own words only that code is repeated: they can quote what was sent.
 */
export function tokenless(error: unknown): CloudError {
  const words = error instanceof Error ? error.message : ''
  const entras = /\bAADSTS\d+/.exec(words)?.[0] ?? null
  const kind = entras !== null && !PASSING.test(words) ? 'FORBIDDEN' : 'UNAVAILABLE'
  const message = `No access token could be had${entras === null ? '' : ` (${entras})`} for the configured Azure credential: check the AZURE_ variables and the identity they name.`
  return new CloudError(kind, entras ?? 'NoAccessToken', message, { cause: error })
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined
}

function textOf(value: unknown, name: string): string | null {
  const found: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
  return typeof found === 'string' && found !== '' ? found : null
}
