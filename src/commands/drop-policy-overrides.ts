import { broughtUp, overridden } from '../access/following.ts'
import type { UserError } from '../access/user-error.ts'
import type { CommandContext, PolicyOutcome, PolicyOutcomes } from './command.ts'
import { findPolicies, holdPolicies, type HeldPolicy } from './held-policies.ts'
import { policyIdErrors, viewRefusal } from './policy-change.ts'
import { writePolicies, type ChangedPolicy } from './write-policies.ts'

/** Makes policies follow their templates in everything again. Grants of ports that are protected no longer end. */
export function dropPolicyOverrides(
  { store, viewer }: CommandContext,
  { policyIds }: { readonly policyIds: readonly string[] },
): Promise<PolicyOutcomes> {
  const userErrors = policyIdErrors(policyIds)
  if (userErrors.length > 0) return Promise.resolve({ results: [], userErrors })
  return store.db.transaction(async (tx) => {
    const machines = await findPolicies(tx, policyIds)
    const refusals = policyIds.map((id, index) => viewRefusal(viewer, machines.get(id), at(index)))
    const permitted = policyIds.filter((_id, index) => refusals[index] === null)
    const held = new Map((await holdPolicies(tx, { policyIds: permitted }, 'update')).map((one) => [one.id, one]))
    const changed: ChangedPolicy[] = []
    const results = policyIds.map((policyId, index): PolicyOutcome => {
      const vmId = machines.get(policyId) ?? null
      const policy = held.get(policyId)
      const refused = refusals[index] ?? (policy === undefined ? null : stateRefusal(policy, at(index)))
      if (refused !== null)
        return { vmId: refused.code === 'NOT_FOUND' ? null : vmId, policyId: null, userErrors: [refused] }
      if (policy?.follows) {
        const terms = broughtUp({ ...policy, follows: { ...policy.follows, overrides: [] } }, policy.os)
        const overrides = overridden(terms, policy.follows, policy.os)
        changed.push({ policy, terms, template: policy.follows.template, overrides })
      }
      return { vmId, policyId, userErrors: [] }
    })
    await writePolicies(tx, viewer.actor, { changed })
    return { results, userErrors: [] }
  })
}

const at = (index: number) => ['policyIds', String(index)]

function stateRefusal({ enabled, follows }: HeldPolicy, field: readonly string[]): UserError | null {
  if (!enabled) return { code: 'CONFLICT', field, message: 'This policy was disabled.' }
  return follows === null ? { code: 'CONFLICT', field, message: 'This policy follows no template.' } : null
}
