import { actions } from '../access/role.ts'
import { appendFacts } from '../store/append-facts.ts'
import { markPathsDue } from '../store/due.ts'
import { endGrants } from '../store/end-grants.ts'
import { recordExposures } from '../store/reconcile/exposures.ts'
import { sql } from '../store/sql.ts'
import type { CommandContext, PolicyOutcome, PolicyOutcomes } from './command.ts'
import { findMachines, refusalOf } from './find-machines.ts'
import { holdPolicies } from './policy-rows.ts'
import { readVmIds } from './vm-ids.ts'

/** Disables JIT on virtual machines: live grants end, and the deny rules of ours go once they are closed. */
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
    const ids = policies.map((policy) => policy.id)
    await tx.execute(sql`update policies set disabled_at = gateway_now(), updated_at = gateway_now()
      where id = any(${sql.param(ids)}::uuid[])`)
    const disabled = policies.map((policy) => policy.vmId)
    await appendFacts(
      tx,
      policies.map(({ id, vmId, accountId, resourceGroupId, enabled: _enabled, ...detail }) => ({
        kind: 'PolicyDisabled' as const,
        actor: viewer.actor,
        policyId: id,
        vmId,
        accountId,
        resourceGroupId,
        detail,
      })),
    )
    await endGrants(tx, { vmIds: disabled }, 'POLICY_CHANGED', viewer.actor)
    await markPathsDue(tx, disabled)
    await recordExposures(tx, { vmIds: disabled })
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
