import type { Clock } from '../../../time/clock.ts'
import type { Ec2Call } from './call.ts'
import { Ec2Fault } from './fault.ts'
import type { Ec2Settings } from './settings.ts'

/** Counts calls against the buckets: EC2 has one for each action in a region of an account, full at first. */
export function createThrottle(settings: Ec2Settings, clock: Clock): { take(call: Ec2Call): void } {
  const buckets = new Map<string, { tokens: number; atMs: number }>()
  return {
    take({ accountId, region, action }) {
      const { most, perSecond } = action.startsWith('Describe') ? settings.quotas.describing : settings.quotas.mutating
      const key = `${accountId}/${region}/${action}`
      const nowMs = clock.now()
      const { tokens, atMs } = buckets.get(key) ?? { tokens: most, atMs: nowMs }
      const left = Math.min(most, tokens + ((nowMs - atMs) / 1_000) * perSecond)
      const refused = settings.enforceQuotas && left < 1
      buckets.set(key, { tokens: refused ? left : Math.max(0, left - 1), atMs: nowMs })
      if (refused) throw limitExceeded()
    },
  }
}

/** EC2 does not say for how long. */
export function limitExceeded(): Ec2Fault {
  return new Ec2Fault('RequestLimitExceeded', 'Request limit exceeded.', 503)
}
