import { accountOf, cloudOf } from '../access/scope.ts'
import type { CloudName } from '../access/words.ts'
import { CloudError } from './error.ts'
import type { Cloud } from './port.ts'

/** One cloud made of several: each call goes to the one that the account, or the boundary's, is in. */
export function byAccount(clouds: Partial<Record<CloudName, Cloud>>): Cloud {
  const holding = (accountId: string): Cloud => {
    const name = cloudOf(accountId)
    const cloud = clouds[name]
    if (cloud !== undefined) return cloud
    const message = `This gateway is not configured for accounts of ${names[name]}: set the variables of its credential.`
    throw new CloudError('FORBIDDEN', 'CloudNotConfigured', message)
  }
  const guarding = (boundaryId: string) => holding(accountOf(boundaryId) ?? '')
  return {
    observe: async (boundaryId, signal) => guarding(boundaryId).observe(boundaryId, signal),
    apply: async (observation, changes, signal) => guarding(observation.boundaryId).apply(observation, changes, signal),
    rest(boundaryId) {
      const cloud = guarding(boundaryId)
      if (cloud.rest === undefined) throw new Error(`nothing can be written once ${boundaryId} is gone`)
      return cloud.rest(boundaryId)
    },
    async *inventory(accountId, signal) {
      yield* holding(accountId).inventory(accountId, signal)
    },
  }
}

const names: Readonly<Record<CloudName, string>> = { AZURE: 'Azure', AWS: 'AWS' }
