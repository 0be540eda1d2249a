import type { TokenCredential } from '@azure/identity'
import { createNetworkManagement } from '@azure/arm-network/api'
import { CloudError } from '../error.ts'
import type { ArmAnswer } from './answer.ts'
import { refusalIn } from './map-error.ts'
import { unanswered, unreachable } from './unreachable.ts'
import { untilAborted } from '../until-aborted.ts'

/** Calls to Azure Resource Manager with the SDK's authentication, and answers as they came: nothing is left out of them. */
export interface ArmClient {
  /** GET of a path below the endpoint, or of an address that the cloud gave; its host must be the endpoint's. */
  get(target: string, query?: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<ArmAnswer>
  /** PUT that names the etag it builds on. */
  put(path: string, apiVersion: string, etag: string, body: unknown, signal?: AbortSignal): Promise<ArmAnswer>
}

export interface ArmClientOptions {
  readonly endpoint: string
  /** Scope of the token, such as `https://management.azure.com/.default`. */
  readonly scope: string
  readonly credential: TokenCredential
  /** PEM of the authority that the endpoint's certificate is trusted by; null: those of the system. */
  readonly certificateAuthority: string | null
  /** How long one call may take, from the wait for a token to the last of the answer, in milliseconds. */
  readonly callTimeoutMs: number
  readonly now: () => number
}

/** The client asks for no subscription: paths name theirs. */
const NO_SUBSCRIPTION = '00000000-0000-0000-0000-000000000000'

/** Every method fails with a `CloudError`; an aborted call fails as one that got no answer. */
export function createArmClient(options: ArmClientOptions): ArmClient {
  const { endpoint, credential, certificateAuthority: ca, callTimeoutMs } = options
  const { host, origin } = new URL(endpoint)
  const arm = createNetworkManagement(credential, NO_SUBSCRIPTION, {
    endpoint,
    credentials: { scopes: [options.scope] },
    // A refusal is the enforcer's to judge: retries hidden in the client would renew the wait that a throttle asks for.
    retryOptions: { maxRetries: 0 },
    redirectOptions: { maxRetries: 0 },
    ...(ca === null ? {} : { tlsOptions: { ca } }),
  })

  const call = async (
    target: string,
    givenUp: AbortSignal | undefined,
    send: (path: ReturnType<typeof arm.pathUnchecked>, abortSignal: AbortSignal) => PromiseLike<Answered>,
  ) => {
    const late = AbortSignal.timeout(callTimeoutMs)
    const signal = givenUp === undefined ? late : AbortSignal.any([givenUp, late])
    let answered: Answered
    try {
      answered = await untilAborted(send(arm.pathUnchecked(target), signal), signal)
    } catch (error) {
      if (signal.aborted) throw unanswered(host, callTimeoutMs, givenUp?.aborted === true)
      throw unreachable(error, host)
    }
    const answer = { status: Number(answered.status), headers: answered.headers, body: answered.body as unknown }
    if (answer.status < 200 || answer.status >= 300) throw refusalIn(answer, options.now())
    return answer
  }

  return {
    get(target, query = {}, signal) {
      // The token goes wherever the call goes: an address on another host is not followed.
      if (!target.startsWith('/') && (!URL.canParse(target) || new URL(target).origin !== origin))
        return Promise.reject(
          new CloudError(
            'UNAVAILABLE',
            'StrangeAddress',
            `${host} named an address on another host, which is not followed.`,
          ),
        )
      return call(target, signal, (path, abortSignal) => path.get({ queryParameters: { ...query }, abortSignal }))
    },
    put: (target, apiVersion, etag, body, signal) =>
      call(target, signal, (path, abortSignal) =>
        path.put({
          queryParameters: { 'api-version': apiVersion },
          headers: { 'if-match': etag },
          body,
          abortSignal,
        }),
      ),
  }
}

interface Answered {
  readonly status: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
}
