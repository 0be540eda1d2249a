import { offerOf } from '../access/extension.ts'
import { scopesOf } from '../access/lockdown.ts'
import { lockdownsAt } from '../store/lockdowns.ts'
import { announceEnding, takeEnding, type EndingGrant } from '../store/notices.ts'
import type { Store } from '../store/store.ts'
import { holdPolicies } from './held-policies.ts'

/**
 * Announces the ends of up to `limit` grants that are due to be announced, each once, with the extension that its holder
 * may take as things stand. Answers how many were due. Several may run at once: each takes others.
 */
export function announceEnds(store: Store, limit: number): Promise<number> {
  return store.db.transaction(async (tx) => {
    const due = await takeEnding(tx, limit)
    const ending = due.filter(({ over }) => !over)
    if (ending.length === 0) return due.length
    const vmIds = [...new Set(ending.map(({ vmId }) => vmId))]
    // Only looked at: whoever takes the extension is judged anew.
    const policies = new Map((await holdPolicies(tx, { vmIds }, 'none')).map((policy) => [policy.vmId, policy]))
    const lockdowns = await lockdownsAt(tx, [...new Set(vmIds.flatMap(scopesOf))])
    const extensionOf = (grant: EndingGrant) => {
      const policy = policies.get(grant.vmId)
      if (policy === undefined || scopesOf(grant.vmId).some((scope) => lockdowns.has(scope))) return null
      return offerOf(policy, { ...grant, endsAt: new Date(grant.endsAt) }, new Date(grant.now))
    }
    await announceEnding(
      tx,
      ending.map((grant) => ({ id: grant.id, extension: extensionOf(grant) })),
    )
    return due.length
  })
}
