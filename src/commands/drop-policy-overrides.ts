import { broughtUp, overridden } from '../access/following.ts'
import type { UserError } from '../access/user-error.ts'
import type { CommandContext, PolicyOutcome, PolicyOutcomes } from './command.ts'
import type { HeldPolicy } from './held-policies.ts'
import { holdNamed, policyIdErrors } from './policy-change.ts'
import { writePolicies, type ChangedPolicy } from './write-policies.ts'

/** Makes policies follow their templates in everything again. Grants of ports that are protected no longer end. */
export function dropPolicyOverrides(
  { store, viewer }: CommandContext,
  { policyIds }: { readonly policyIds: readonly string[] },
): Promise<PolicyOutcomes> {
  const userErrors = policyIdErrors(policyIds)
  if (userErrors.length > 0) return Promise.resolve({ results: [], userErrors })
  return store.db.transaction(async (tx) => {
    const changed: ChangedPolicy[] = []
    const results = (await holdNamed(tx, viewer, policyIds)).map((named): PolicyOutcome => {
      const { policyId, vmId, policy, field } = named
      const refused = named.refusal ?? (policy === null ? null : stateRefusal(policy, field))
      if (refused !== null) return { vmId, policyId: null, userErrors: [refused] }
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

function stateRefusal({ enabled, follows }: HeldPolicy, field: readonly string[]): UserError | null {
  if (!enabled) return { code: 'CONFLICT', field, message: 'This policy was disabled.' }
  return follows === null ? { code: 'CONFLICT', field, message: 'This policy follows no template.' } : null
}
