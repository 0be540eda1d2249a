import { covers, type PolicyPort, type PortKey } from '../access/policy.ts'
import { termsOf } from '../access/terms.ts'
import type { Actor } from '../access/words.ts'
import { appendFacts, type NewFact } from '../store/append-facts.ts'
import { markPathsDue } from '../store/due.ts'
import { endGrants } from '../store/end-grants.ts'
import { recordExposures } from '../store/reconcile/exposures.ts'
import { sql } from '../store/sql.ts'
import type { Transaction } from '../store/store.ts'
import { awaitAnew, holdAwaiting } from './awaited-rows.ts'
import type { HeldPolicy } from './held-policies.ts'
import { disablePolicies, insertPolicies, rewritePolicies, type NewPolicy, type PolicyContent } from './policy-rows.ts'

/** A policy that is held, and what it is to say. */
export interface ChangedPolicy extends PolicyContent {
  readonly policy: HeldPolicy
}

/** A policy that is held and to be disabled. */
export interface DisabledPolicy {
  readonly policy: HeldPolicy
  /** The template that covers its machine, which is left out of templates from now on; null: it may be covered again. */
  readonly leftOutOf: string | null
}

/** What is to be written of policies: of none of their machines twice. */
export interface PolicyWrites {
  readonly created?: readonly NewPolicy[]
  readonly changed?: readonly ChangedPolicy[]
  readonly disabled?: readonly DisabledPolicy[]
}

/**
 * Writes policies and all that follows from it: grants of ports that are no longer protected end, be they live or
 * waiting, whoever is to approve what waits is asked by the policy as it is now, and boundaries are due. Answers the ids
 * of the policies that were made, by machine: none where another was made meanwhile. A statement of each kind for all of
 * them: policies, then requests, then grants, then boundaries are locked in one order by everybody.
 */
export async function writePolicies(
  tx: Transaction,
  actor: Actor,
  { created = [], changed = [], disabled = [] }: PolicyWrites,
): Promise<ReadonlyMap<string, string>> {
  const made = await insertPolicies(tx, actor, created)
  if (changed.length > 0)
    await rewritePolicies(
      tx,
      changed.map(({ policy: { id }, ...content }) => ({ id, ...content })),
    )
  if (disabled.length > 0)
    await disablePolicies(
      tx,
      disabled.map(({ policy: { id }, leftOutOf }) => ({ id, templateId: leftOutOf })),
    )
  await appendFacts(tx, factsOf(actor, made, { created, changed, disabled }))
  const before = [...changed, ...disabled].map(({ policy }) => policy.vmId)
  if (before.length > 0) {
    const requestIds = await holdAwaiting(tx, before)
    await endGrants(tx, { grantIds: await bareGrants(tx, portsAfter({ changed, disabled })) }, 'POLICY_CHANGED', actor)
    await awaitAnew(tx, requestIds, before)
  }
  const vmIds = [...made.keys(), ...before]
  if (vmIds.length === 0) return made
  await markPathsDue(tx, vmIds)
  await recordExposures(tx, { vmIds })
  return made
}

/** What is to be protected of machines that had a policy, by machine. */
export function portsAfter({ changed = [], disabled = [] }: PolicyWrites): ReadonlyMap<string, readonly PolicyPort[]> {
  return new Map([
    ...changed.map(({ policy, terms }) => [policy.vmId, terms.ports] as const),
    ...disabled.map(({ policy }) => [policy.vmId, []] as const),
  ])
}

/** The grants of ports that are protected no longer, live or waiting. */
export async function bareGrants(
  tx: Transaction,
  portsOf: ReadonlyMap<string, readonly PolicyPort[]>,
): Promise<string[]> {
  const { rows } = await tx.execute<PortKey & { id: string; vm_id: string } & Record<string, unknown>>(sql`
    select id, vm_id, port, protocol from grants
    where vm_id = any(${sql.param([...portsOf.keys()])}::text[])
      and state in ('PENDING_APPROVAL', 'SCHEDULED', 'OPENING', 'ACTIVE')`)
  return rows.filter((grant) => !portsOf.get(grant.vm_id)?.some((port) => covers(port, grant))).map(({ id }) => id)
}

function factsOf(actor: Actor, made: ReadonlyMap<string, string>, writes: Required<PolicyWrites>): NewFact[] {
  const { created, changed, disabled } = writes
  const place = (policy: HeldPolicy) => {
    const { id: policyId, vmId, accountId, resourceGroupId } = policy
    return { actor, policyId, vmId, accountId, resourceGroupId }
  }
  return [
    ...created.flatMap(({ machine: { id: vmId, accountId, resourceGroupId }, terms, template }): NewFact[] => {
      const policyId = made.get(vmId)
      if (policyId === undefined) return []
      const detail = { version: 1, template: template?.name ?? null, ...termsOf(terms) }
      return [{ kind: 'PolicyCreated', actor, accountId, resourceGroupId, vmId, policyId, detail }]
    }),
    ...changed.map(({ policy, terms, template }): NewFact => {
      const detail = { version: policy.version + 1, template: template?.name ?? null, ...termsOf(terms) }
      return { kind: 'PolicyUpdated', ...place(policy), detail }
    }),
    ...disabled.map(({ policy }): NewFact => {
      const detail = { version: policy.version, template: policy.follows?.template.name ?? null, ...termsOf(policy) }
      return { kind: 'PolicyDisabled', ...place(policy), detail }
    }),
  ]
}
