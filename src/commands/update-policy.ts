import { broughtUp, overridden } from '../access/following.ts'
import { changePorts, readPorts, type PortInput, type PortKey } from '../access/policy.ts'
import { changeTerms, readTerms, type TermsInput } from '../access/terms.ts'
import type { CommandContext, PolicyOutcome, PolicyOutcomes } from './command.ts'
import { changeRefusal, holdNamed, policyIdErrors, readPortApprovals, removalErrors } from './policy-change.ts'
import type { PortApprovalInput } from './policy-change.ts'
import { writePolicies, type ChangedPolicy } from './write-policies.ts'

/** Which policies to change, apart from the changes. */
export interface UpdatePolicyInput extends TermsInput {
  readonly policyIds: readonly string[]
  /** Ports to add, or to replace where the policy has them. */
  readonly setPorts?: readonly PortInput[] | null
  readonly removePorts?: readonly PortKey[] | null
  /** Who approves what is asked of ports that the policy has; null: as the policy says. */
  readonly setPortApprovals?: readonly PortApprovalInput[] | null
}

/**
 * Changes policies. Grants of ports that are no longer protected end, be they live or waiting; whoever is to approve
 * what waits is asked by the policy as it is now.
 */
export async function updatePolicy(context: CommandContext, input: UpdatePolicyInput): Promise<PolicyOutcomes> {
  const { policyIds } = input
  const set = input.setPorts ?? []
  const remove = input.removePorts ?? []
  const read = set.length === 0 ? { ports: [], userErrors: [] } : readPorts(set, ['setPorts'])
  const approvals = readPortApprovals(input.setPortApprovals ?? [], read.ports, remove)
  const common = readTerms(input)
  const userErrors = [...policyIdErrors(policyIds), ...read.userErrors, ...removalErrors(remove, read.ports)]
  userErrors.push(...approvals.userErrors, ...common.userErrors)
  const changesTerms = Object.values(common.changes).some((change) => change !== undefined)
  if (set.length + remove.length + approvals.approvals.length === 0 && userErrors.length === 0 && !changesTerms)
    userErrors.push({ code: 'INVALID_INPUT', field: [], message: 'Say what to change.' })
  if (userErrors.length > 0) return { results: [], userErrors }

  return context.store.db.transaction(async (tx) => {
    const changed: ChangedPolicy[] = []
    const named = await holdNamed(tx, context.viewer, policyIds)
    const results = named.map(({ policyId, vmId, policy, refusal, field }): PolicyOutcome => {
      if (refusal !== null || policy === null) return { vmId, policyId: null, userErrors: asList(refusal) }
      const { follows, os } = policy
      // What its template says by now is no override, be it that the policy was not brought up to it yet.
      const current = broughtUp(policy, os)
      const portChanges = { set: read.ports, remove, approvals: approvals.approvals }
      const ports = changePorts(current.ports, portChanges)
      const refused = changeRefusal({ ...policy, ...current }, ports, portChanges, field)
      if (refused !== null) return { vmId, policyId: null, userErrors: [refused] }
      const terms = { ...changeTerms(current, common.changes), ports }
      changed.push({ policy, terms, template: follows?.template ?? null, overrides: overridden(terms, follows, os) })
      return { vmId, policyId, userErrors: [] }
    })
    await writePolicies(tx, context.viewer.actor, { changed })
    return { results, userErrors: [] }
  })
}

const asList = <Thing>(thing: Thing | null) => (thing === null ? [] : [thing])
