import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import type { Clock } from '../../time/clock.ts'
import { IdentityUnavailable } from './failure.ts'

/** Where an identity provider's keys are. */
export interface ProviderOptions {
  readonly issuer: string
  /** Null: asked of the issuer, by OpenID Connect Discovery. */
  readonly jwksUrl: string | null
  readonly clock: Clock
}

const ANSWER_WITHIN_MS = 3_000
/** Keys are asked for again when they are this old, so that a withdrawn one stops working. */
const FRESH_MS = 600_000
/** While the provider is away, the last known keys still count up to this age. */
const USABLE_MS = 3_600_000
/** An unknown key id makes us ask again at most this often: whoever invents ids must not turn us against the provider. */
const COOLDOWN_MS = 30_000
/** After a failure callers are told at once, rather than each waiting for a provider that does not answer. */
const FAILED_MS = 1_000

/** The provider's signing keys, cached. Throws `IdentityUnavailable` when it does not answer and no usable key is known. */
export function providerKeys(options: ProviderOptions): JWTVerifyGetKey {
  let known: { readonly keyFor: JWTVerifyGetKey; readonly at: number } | null = null
  let failedAt = Number.NEGATIVE_INFINITY
  let refreshing: Promise<JWTVerifyGetKey> | null = null
  const age = (moment: number) => options.clock.now() - moment

  async function fetchKeys(): Promise<JWTVerifyGetKey> {
    try {
      const keyFor = createLocalJWKSet((await readJson(await jwksUrlOf(options))) as unknown as JSONWebKeySet)
      known = { keyFor, at: options.clock.now() }
      return keyFor
    } catch (error) {
      failedAt = options.clock.now()
      throw new IdentityUnavailable('The identity provider does not answer.', { cause: error })
    } finally {
      refreshing = null
    }
  }

  async function refresh(): Promise<JWTVerifyGetKey> {
    if (age(failedAt) < FAILED_MS) throw new IdentityUnavailable('The identity provider does not answer.')
    refreshing ??= fetchKeys()
    return refreshing
  }

  return async (header, token) => {
    let keyFor: JWTVerifyGetKey
    if (known !== null && age(known.at) < FRESH_MS) keyFor = known.keyFor
    else {
      const stale = known !== null && age(known.at) < USABLE_MS ? known.keyFor : null
      keyFor = await refresh().catch((error: unknown) => {
        if (stale === null) throw error
        return stale
      })
    }
    try {
      return await keyFor(header, token)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || (known !== null && age(known.at) < COOLDOWN_MS)) throw error
      return (await refresh())(header, token)
    }
  }
}

async function jwksUrlOf(options: ProviderOptions): Promise<string> {
  if (options.jwksUrl !== null) return options.jwksUrl
  const found = await readJson(`${options.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)
  // Discovery, section 4.3: an answer for another issuer must not be used.
  if (found['issuer'] !== options.issuer) throw new Error('The discovery document is of another issuer.')
  if (typeof found['jwks_uri'] !== 'string') throw new Error('The discovery document names no jwks_uri.')
  return found['jwks_uri']
}

async function readJson(url: string): Promise<Readonly<Record<string, unknown>>> {
  const answer = await fetch(url, {
    headers: { accept: 'application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  })
  if (!answer.ok) throw new Error(`${url} answered ${String(answer.status)}`)
  return (await answer.json()) as Record<string, unknown>
}
