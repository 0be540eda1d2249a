import { actions } from '../access/role.ts'
import type { CommandContext, PolicyOutcome, PolicyOutcomes } from './command.ts'
import { findMachines, refusalOf } from './find-machines.ts'
import { templatesCovering } from './followers.ts'
import { holdPolicies } from './held-policies.ts'
import { readVmIds } from './vm-ids.ts'
import { writePolicies } from './write-policies.ts'

/**
 * Disables JIT on virtual machines: live grants end, and the deny rules of ours go once they are closed. Those that a
 * template covers are left out of templates until JIT is enabled there again.
 */
export async function disableJit(
  { store, viewer }: CommandContext,
  input: { readonly vmIds: readonly string[] },
): Promise<PolicyOutcomes> {
  const { vmIds, userErrors } = readVmIds(input.vmIds)
  if (userErrors.length > 0) return { results: [], userErrors }
  return store.db.transaction(async (tx) => {
    const machines = await findMachines(tx, vmIds)
    const refusals = new Map(
      vmIds.map((id, index) => {
        const refused = refusalOf(viewer, actions.writePolicy, machines.get(id), ['vmIds', String(index)])
        // A machine that is gone from the cloud may still lose its policy.
        return [id, refused?.code === 'CONFLICT' ? null : refused]
      }),
    )
    const permitted = vmIds.filter((id) => refusals.get(id) === null)
    const policies = await holdPolicies(tx, { vmIds: permitted }, 'update')
    const covering = await templatesCovering(
      tx,
      policies.map(({ vmId }) => vmId),
    )
    await writePolicies(tx, viewer.actor, {
      disabled: policies.map((policy) => ({ policy, leftOutOf: covering.get(policy.vmId)?.id ?? null })),
    })
    const byVm = new Map(policies.map((policy) => [policy.vmId, policy.id]))
    const results = vmIds.map((vmId, index): PolicyOutcome => {
      const refused = refusals.get(vmId) ?? null
      const policyId = byVm.get(vmId) ?? null
      if (refused !== null) return { vmId, policyId: null, userErrors: [refused] }
      if (policyId !== null) return { vmId, policyId, userErrors: [] }
      const field = ['vmIds', String(index)]
      return { vmId, policyId, userErrors: [{ code: 'CONFLICT', field, message: 'JIT is not enabled there.' }] }
    })
    return { results, userErrors: [] }
  })
}
