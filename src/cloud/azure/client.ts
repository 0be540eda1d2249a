import type { TokenCredential } from '@azure/identity'
import { createNetworkManagement } from '@azure/arm-network/api'
import { CloudError } from '../error.ts'
import type { ArmAnswer } from './answer.ts'
import { refusalIn } from './map-error.ts'
import { unreachable } from './unreachable.ts'

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
  /** How long one call may take, in milliseconds. */
  readonly callTimeoutMs: number
  readonly now: () => number
}

/** The client asks for no subscription: paths name theirs. */
const NO_SUBSCRIPTION = '00000000-0000-0000-0000-000000000000'

/** Every method fails with a `CloudError`; an aborted call fails as one that got no answer. */
export function createArmClient(options: ArmClientOptions): ArmClient {
  const { endpoint, credential, certificateAuthority: ca, callTimeoutMs: timeout } = options
  const { host } = new URL(endpoint)
  const arm = createNetworkManagement(credential, NO_SUBSCRIPTION, {
    endpoint,
    credentials: { scopes: [options.scope] },
    // A refusal is the enforcer's to judge: retries hidden in the client would renew the wait that a throttle asks for.
    retryOptions: { maxRetries: 0 },
    ...(ca === null ? {} : { tlsOptions: { ca } }),
  })

  const call = async (target: string, send: (path: ReturnType<typeof arm.pathUnchecked>) => PromiseLike<Answered>) => {
    let answered: Answered
    try {
      answered = await send(arm.pathUnchecked(target))
    } catch (error) {
      throw unreachable(error, host)
    }
    const answer = { status: Number(answered.status), headers: answered.headers, body: answered.body as unknown }
    if (answer.status >= 400) throw refusalIn(answer, options.now())
    return answer
  }

  return {
    get(target, query = {}, signal) {
      // The token goes wherever the call goes: an address on another host is not followed.
      if (/^https?:/i.test(target) && new URL(target).host !== host)
        return Promise.reject(
          new CloudError(
            'UNAVAILABLE',
            'StrangeAddress',
            `${host} named an address on another host, which is not followed.`,
          ),
        )
      return call(target, (path) => path.get({ queryParameters: { ...query }, timeout, ...aborting(signal) }))
    },
    put: (target, apiVersion, etag, body, signal) =>
      call(target, (path) =>
        path.put({
          queryParameters: { 'api-version': apiVersion },
          headers: { 'if-match': etag },
          body,
          timeout,
          ...aborting(signal),
        }),
      ),
  }
}

interface Answered {
  readonly status: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
}

const aborting = (signal: AbortSignal | undefined) => (signal === undefined ? {} : { abortSignal: signal })
