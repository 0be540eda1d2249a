import { changePorts, covers, readPorts, type PolicyPort, type PortInput, type PortKey } from '../access/policy.ts'
import { appendFacts } from '../store/append-facts.ts'
import { markPathsDue } from '../store/due.ts'
import { endGrants } from '../store/end-grants.ts'
import { sql } from '../store/sql.ts'
import type { Transaction } from '../store/store.ts'
import type { CommandContext, PolicyOutcome, PolicyOutcomes } from './command.ts'
import { changeRefusal, policyIdErrors, removalErrors, viewRefusal } from './policy-change.ts'
import { findPolicies, holdPolicies, insertPorts, type HeldPolicy } from './policy-rows.ts'

/** Which policies to change, apart from the changes. */
export interface UpdatePolicyInput {
  readonly policyIds: readonly string[]
  /** Ports to add, or to replace where the policy has them. */
  readonly setPorts?: readonly PortInput[] | null
  readonly removePorts?: readonly PortKey[] | null
}

/** A policy and the ports it is to have. */
interface Change {
  readonly policy: HeldPolicy
  readonly ports: readonly PolicyPort[]
}

/** Changes the ports of policies. Live grants of ports that are no longer protected end. */
export async function updatePolicy(context: CommandContext, input: UpdatePolicyInput): Promise<PolicyOutcomes> {
  const { policyIds } = input
  const set = input.setPorts ?? []
  const remove = input.removePorts ?? []
  const read = set.length === 0 ? { ports: [], userErrors: [] } : readPorts(set, ['setPorts'])
  const userErrors = [...policyIdErrors(policyIds), ...read.userErrors, ...removalErrors(remove, read.ports)]
  if (set.length === 0 && remove.length === 0)
    userErrors.push({ code: 'INVALID_INPUT', field: [], message: 'Name ports to set or to remove.' })
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
      const ports = changePorts(policy.ports, read.ports, remove)
      const refused = changeRefusal(policy, ports, read.ports, remove, at(index))
      if (refused !== null) return { vmId, policyId: null, userErrors: [refused] }
      changes.push({ policy, ports })
      return { vmId, policyId, userErrors: [] }
    })
    await writeChanges(tx, context, changes)
    return { results, userErrors: [] }
  })
}

const at = (index: number) => ['policyIds', String(index)]

const asList = <Thing>(thing: Thing | null) => (thing === null ? [] : [thing])

/** A statement of each kind for all policies: grants, and after them boundaries, are locked in one order by everybody. */
async function writeChanges(tx: Transaction, { viewer }: CommandContext, changes: readonly Change[]): Promise<void> {
  const ids = sql.param(changes.map(({ policy }) => policy.id))
  await tx.execute(sql`
    update policies set version = version + 1, updated_at = gateway_now() where id = any(${ids}::uuid[])`)
  await tx.execute(sql`delete from policy_ports where policy_id = any(${ids}::uuid[])`)
  await insertPorts(
    tx,
    changes.flatMap(({ policy, ports }) => ports.map((port) => ({ policyId: policy.id, ...port }))),
  )
  await appendFacts(
    tx,
    changes.map(({ policy: { id: policyId, vmId, accountId, resourceGroupId, version }, ports }) => ({
      kind: 'PolicyUpdated' as const,
      actor: viewer.actor,
      policyId,
      vmId,
      accountId,
      resourceGroupId,
      detail: { version: version + 1, ports },
    })),
  )
  const vmIds = changes.map(({ policy }) => policy.vmId)
  await endGrants(tx, { grantIds: await bareGrants(tx, changes) }, 'POLICY_CHANGED', viewer.actor)
  await markPathsDue(tx, vmIds)
}

/** The live grants of ports that are no longer protected. */
async function bareGrants(tx: Transaction, changes: readonly Change[]): Promise<string[]> {
  const portsOf = new Map(changes.map(({ policy, ports }) => [policy.vmId, ports]))
  const { rows } = await tx.execute<PortKey & { id: string; vm_id: string } & Record<string, unknown>>(sql`
    select id, vm_id, port, protocol from grants
    where vm_id = any(${sql.param([...portsOf.keys()])}::text[]) and state in ('OPENING', 'ACTIVE')`)
  return rows.filter((grant) => !portsOf.get(grant.vm_id)?.some((port) => covers(port, grant))).map(({ id }) => id)
}
