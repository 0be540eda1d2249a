import { CloudError } from '../error.ts'

/** Codes of TLS that say the certificate is not trusted, rather than that nobody answers. */
const UNTRUSTED = /^(UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO_|CERT_|ERR_TLS_)/

/** A call that got no answer: the write in it may or may not have happened. `what` names who was called. */
export function unreachable(error: unknown, what: string): CloudError {
  if (error instanceof CloudError) return error
  const code = textOf(error, 'code') ?? textOf(causeOf(error), 'code') ?? textOf(error, 'name') ?? 'NoAnswer'
  const more = { cause: error }
  if (textOf(error, 'name') === 'CredentialUnavailableError' || textOf(error, 'name') === 'AuthenticationError') {
    const status = Reflect.get(error as object, 'statusCode') as unknown
    const refused = typeof status === 'number' && status >= 400 && status < 500 && status !== 408 && status !== 429
    const message = 'No access token could be had for the configured Azure credential: check the AZURE_ variables.'
    return new CloudError(refused ? 'FORBIDDEN' : 'UNAVAILABLE', 'NoAccessToken', message, more)
  }
  if (UNTRUSTED.test(code)) {
    const message = `The certificate of ${what} is not trusted (${code}): name its authority in ARM_CA_FILE.`
    return new CloudError('UNAVAILABLE', code, message, more)
  }
  return new CloudError('UNAVAILABLE', code, `${what} did not answer (${code}); the gateway tries again.`, more)
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined
}

function textOf(value: unknown, name: string): string | null {
  const found: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
  return typeof found === 'string' && found !== '' ? found : null
}
