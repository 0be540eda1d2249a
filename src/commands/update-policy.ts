import { changePorts, covers, readPorts, type PolicyTerms, type PortInput, type PortKey } from '../access/policy.ts'
import { changeTerms, readTerms, type TermsInput } from '../access/terms.ts'
import { appendFacts } from '../store/append-facts.ts'
import { markPathsDue } from '../store/due.ts'
import { endGrants } from '../store/end-grants.ts'
import { recordExposures } from '../store/reconcile/exposures.ts'
import { sql } from '../store/sql.ts'
import type { Transaction } from '../store/store.ts'
import { holdAwaiting, awaitAnew } from './awaited-rows.ts'
import type { CommandContext, PolicyOutcome, PolicyOutcomes } from './command.ts'
import { changeRefusal, policyIdErrors, readPortApprovals, removalErrors, viewRefusal } from './policy-change.ts'
import type { PortApprovalInput } from './policy-change.ts'
import { findPolicies, holdPolicies, insertPorts, writeTerms, type HeldPolicy } from './policy-rows.ts'

/** Which policies to change, apart from the changes. */
export interface UpdatePolicyInput extends TermsInput {
  readonly policyIds: readonly string[]
  /** Ports to add, or to replace where the policy has them. */
  readonly setPorts?: readonly PortInput[] | null
  readonly removePorts?: readonly PortKey[] | null
  /** Who approves what is asked of ports that the policy has; null: as the policy says. */
  readonly setPortApprovals?: readonly PortApprovalInput[] | null
}

/** A policy and what it is to say. */
interface Change {
  readonly policy: HeldPolicy
  readonly terms: PolicyTerms
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
    const machines = await findPolicies(tx, policyIds)
    const unseen = policyIds.map((id, index) => viewRefusal(context.viewer, machines.get(id), at(index)))
    const permitted = policyIds.filter((_id, index) => unseen[index] === null)
    const held = new Map((await holdPolicies(tx, { policyIds: permitted }, 'update')).map((one) => [one.id, one]))
    const changes: Change[] = []
    const results = policyIds.map((policyId, index): PolicyOutcome => {
      const vmId = machines.get(policyId) ?? null
      const policy = held.get(policyId)
      const refusal = unseen[index] ?? null
      if (refusal !== null || policy === undefined)
        return { vmId: refusal?.code === 'NOT_FOUND' ? null : vmId, policyId: null, userErrors: asList(refusal) }
      const changed = { set: read.ports, remove, approvals: approvals.approvals }
      const ports = changePorts(policy.ports, changed)
      const refused = changeRefusal(policy, ports, changed, at(index))
      if (refused !== null) return { vmId, policyId: null, userErrors: [refused] }
      changes.push({ policy, terms: { ...changeTerms(policy, common.changes), ports } })
      return { vmId, policyId, userErrors: [] }
    })
    await writeChanges(tx, context, changes)
    return { results, userErrors: [] }
  })
}

const at = (index: number) => ['policyIds', String(index)]

const asList = <Thing>(thing: Thing | null) => (thing === null ? [] : [thing])

/**
 * A statement of each kind for all policies: requests, then grants, then boundaries are locked in one order by everybody.
 */
async function writeChanges(tx: Transaction, { viewer }: CommandContext, changes: readonly Change[]): Promise<void> {
  const ids = sql.param(changes.map(({ policy }) => policy.id))
  await writeTerms(
    tx,
    changes.map(({ policy: { id }, terms }) => ({ id, terms })),
  )
  await tx.execute(sql`delete from policy_ports where policy_id = any(${ids}::uuid[])`)
  await insertPorts(
    tx,
    changes.flatMap(({ policy, terms }) => terms.ports.map((port) => ({ policyId: policy.id, ...port }))),
  )
  await appendFacts(
    tx,
    changes.map(({ policy: { id: policyId, vmId, accountId, resourceGroupId, version }, terms }) => ({
      kind: 'PolicyUpdated' as const,
      actor: viewer.actor,
      policyId,
      vmId,
      accountId,
      resourceGroupId,
      detail: { version: version + 1, ...terms },
    })),
  )
  const vmIds = changes.map(({ policy }) => policy.vmId)
  const requestIds = await holdAwaiting(tx, vmIds)
  await endGrants(tx, { grantIds: await bareGrants(tx, changes) }, 'POLICY_CHANGED', viewer.actor)
  await awaitAnew(tx, requestIds, vmIds)
  await markPathsDue(tx, vmIds)
  await recordExposures(tx, { vmIds: vmIds })
}

/** The grants of ports that are no longer protected, live or waiting. */
async function bareGrants(tx: Transaction, changes: readonly Change[]): Promise<string[]> {
  const portsOf = new Map(changes.map(({ policy, terms }) => [policy.vmId, terms.ports]))
  const { rows } = await tx.execute<PortKey & { id: string; vm_id: string } & Record<string, unknown>>(sql`
    select id, vm_id, port, protocol from grants
    where vm_id = any(${sql.param([...portsOf.keys()])}::text[])
      and state in ('PENDING_APPROVAL', 'SCHEDULED', 'OPENING', 'ACTIVE')`)
  return rows.filter((grant) => !portsOf.get(grant.vm_id)?.some((port) => covers(port, grant))).map(({ id }) => id)
}
