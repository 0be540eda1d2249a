import { CloudError } from '../error.ts'

/** An answer that is not what was asked for, and so says nothing about it. */
export function unexpectedAnswer(what: string): CloudError {
  const message = `AWS's address answered with ${what}; is something else reached at AWS_ENDPOINT? The gateway tries again.`
  return new CloudError('UNAVAILABLE', 'UnexpectedAnswer', message)
}
