import type { EC2Client } from '@aws-sdk/client-ec2'
import type { Clock } from '../../time/clock.ts'
import { CloudError } from '../error.ts'
import { untilAborted } from '../until-aborted.ts'
import { openCredential, type AwsCredential, type AwsRole } from './credential.ts'
import { readSdkError, refusalOf } from './map-error.ts'
import { createPacing } from './pacing.ts'
import type { Place } from './place.ts'

type Sdk = typeof import('@aws-sdk/client-ec2')

/** Calls to EC2. Every one fails with a `CloudError`; an aborted call fails as one that got no answer. */
export interface Ec2 {
  /** Sends one command at a place; `action` is its name, which is the permission that it needs as well. */
  ask<Output>(
    place: Place,
    action: string,
    send: (sdk: Sdk, client: EC2Client, options: { readonly abortSignal: AbortSignal }) => Promise<Output>,
    signal?: AbortSignal,
  ): Promise<Output>
}

export interface Ec2Options {
  /** Null: AWS's own, which differs by region. */
  readonly endpoint: string | null
  readonly credential: AwsCredential
  readonly role: AwsRole | null
  /** How long one call may take, from the wait for a session to the last of the answer, in milliseconds. */
  readonly callTimeoutMs: number
  readonly clock: Clock
}

/** How often a call is sent that EC2 refuses for coming too fast: it did nothing then. */
const MOST_TRIES = 5

/** EC2 by the SDK, which is large and so loaded with the first call. A client is kept for each region of an account. */
export function createEc2(options: Ec2Options): Ec2 {
  const pacing = createPacing(options.clock)
  const clients = new Map<string, Promise<EC2Client>>()
  let handler: EC2Client['config']['requestHandler'] | undefined
  const open = async (place: Place): Promise<EC2Client> => {
    const { EC2Client } = await import('@aws-sdk/client-ec2')
    const client = new EC2Client({
      region: place.region,
      credentials: await openCredential(options, place),
      // A refusal is the enforcer's to judge, but for one for coming too fast, which only holds back its own action.
      maxAttempts: 1,
      ...(options.endpoint === null ? {} : { endpoint: options.endpoint }),
      // All of them share the connections of the first.
      ...(handler === undefined ? {} : { requestHandler: handler }),
    })
    handler ??= client.config.requestHandler
    return client
  }
  const clientAt = (place: Place): Promise<EC2Client> => {
    const key = `${place.accountId} ${place.region}`
    const client = clients.get(key) ?? open(place)
    clients.set(key, client)
    return client
  }
  return {
    async ask(place, action, send, givenUp) {
      const late = AbortSignal.timeout(options.callTimeoutMs)
      const signal = givenUp === undefined ? late : AbortSignal.any([givenUp, late])
      const called = async () =>
        send(await import('@aws-sdk/client-ec2'), await clientAt(place), { abortSignal: signal })
      const failed = (error: unknown): CloudError => {
        if (error instanceof CloudError) return error
        const what = `EC2 in ${place.region}`
        if (givenUp?.aborted === true)
          return new CloudError('UNAVAILABLE', 'Aborted', `The call to ${what} was given up.`)
        if (!signal.aborted) return failureOf(error, what, action)
        const message = `${what} did not answer within ${String(options.callTimeoutMs)} ms; the gateway tries again.`
        return new CloudError('UNAVAILABLE', 'TimedOut', message)
      }
      const lane = `${place.accountId} ${place.region} ${action}`
      for (let tries = 1; ; tries++) {
        await pacing.turn(lane, signal)
        try {
          return await untilAborted(called(), signal)
        } catch (error) {
          const failure = failed(error)
          if (failure.kind !== 'THROTTLED') throw failure
          pacing.refused(lane)
          if (tries === MOST_TRIES) throw failure
        }
      }
    },
  }
}

/** A refusal is AWS's answer; without an answer nobody knows what became of the call. */
function failureOf(error: unknown, what: string, action: string): CloudError {
  const read = readSdkError(error)
  if (read.status !== null) {
    const isSts = typeof error === 'object' && error !== null && error.constructor.name.startsWith('STS')
    return refusalOf(read, isSts ? 'sts:AssumeRole' : `ec2:${action}`)
  }
  if (read.code === 'CredentialsProviderError') {
    const message =
      'No AWS credential could be had from the environment: set the variables of a key, or run where a role is given to this process.'
    return new CloudError('FORBIDDEN', read.code, message, { cause: error })
  }
  return new CloudError('UNAVAILABLE', read.code, `${what} did not answer (${read.code}); the gateway tries again.`, {
    cause: error,
  })
}
