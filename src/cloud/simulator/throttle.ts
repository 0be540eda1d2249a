import type { Clock } from '../../time/clock.ts'
import type { ArmError } from './answer.ts'
import { quotaExceeded } from './misbehave/refusals.ts'
import type { Quotas, Settings } from './settings.ts'

const WINDOW_MS = 300_000

interface Bucket {
  tokens: number
  atMs: number
  /** Until when every call is refused; null while none is. */
  blockedUntilMs: number | null
}

/** Counts calls against the quotas. */
export interface Throttle {
  /** Takes one call; the refusal when a quota is exceeded and quotas are enforced. */
  take(call: { readonly subscriptionId: string; readonly method: string; readonly path: string }): ArmError | null
  /** What ARM tells about the calls left. */
  headers(subscriptionId: string, method: string): Record<string, string>
}

type Kind = 'reads' | 'writes' | 'deletes'
const kindOf = (method: string): Kind => (method === 'GET' ? 'reads' : method === 'DELETE' ? 'deletes' : 'writes')

export function createThrottle(settings: Settings, clock: Clock): Throttle {
  const buckets = new Map<string, Bucket>()

  const refill = (key: string, { bucket, perSecond }: Quotas[Kind]): Bucket => {
    const now = clock.now()
    const found = buckets.get(key) ?? { tokens: bucket, atMs: now, blockedUntilMs: null }
    found.tokens = Math.min(bucket, found.tokens + ((now - found.atMs) / 1000) * perSecond)
    found.atMs = now
    buckets.set(key, found)
    return found
  }
  /** The seconds to wait, or null when the call may pass. A call made too early renews the wait. */
  const takeFrom = (key: string, quota: Quotas[Kind]): number | null => {
    const state = refill(key, quota)
    const now = clock.now()
    const early = state.blockedUntilMs !== null && now < state.blockedUntilMs
    if (!settings.enforceQuotas || (!early && state.tokens >= 1)) {
      state.tokens = Math.max(0, state.tokens - 1)
      state.blockedUntilMs = null
      return null
    }
    const seconds = Math.max(1, Math.ceil((1 - state.tokens) / quota.perSecond))
    state.blockedUntilMs = now + seconds * 1000
    return seconds
  }

  return {
    take({ subscriptionId, method, path }) {
      const kind = kindOf(method)
      const wait = takeFrom(`${subscriptionId}/${kind}`, settings.quotas[kind])
      if (wait !== null) return quotaExceeded('arm', method, path, wait)
      if (!path.toLowerCase().includes('/microsoft.network/')) return null
      // Five minutes' worth of calls, given back evenly over five minutes.
      const most = kind === 'reads' ? settings.quotas.networkReads : settings.quotas.networkWrites
      const quota = { bucket: most, perSecond: most / (WINDOW_MS / 1000) }
      const networkWait = takeFrom(`${subscriptionId}/network/${kind === 'reads' ? 'reads' : 'writes'}`, quota)
      return networkWait === null ? null : quotaExceeded('network', method, path, networkWait)
    },
    headers(subscriptionId, method) {
      const kind = kindOf(method)
      const left = Math.floor(refill(`${subscriptionId}/${kind}`, settings.quotas[kind]).tokens)
      return {
        [`x-ms-ratelimit-remaining-subscription-${kind}`]: String(left),
        [`x-ms-ratelimit-remaining-subscription-global-${kind}`]: String(left * 15),
      }
    },
  }
}
