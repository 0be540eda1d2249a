import { sql } from 'drizzle-orm'
import { changePorts, covers, overlaps, policyBounds, readPorts, type PolicyPort } from '../access/policy.ts'
import type { PortInput, PortKey } from '../access/policy.ts'
import { actions } from '../access/role.ts'
import type { UserError } from '../access/user-error.ts'
import { may } from '../access/viewer.ts'
import { appendFacts } from '../store/append-facts.ts'
import { markPathsDue } from '../store/due.ts'
import { endGrants } from '../store/end-grants.ts'
import type { Transaction } from '../store/store.ts'
import type { CommandContext, PolicyOutcome, PolicyOutcomes } from './command.ts'
import { holdPolicies, insertPorts, type HeldPolicy } from './policy-rows.ts'
import { mostMachines } from './vm-ids.ts'

/** Which policies to change, apart from the changes. */
export interface UpdatePolicyInput {
  readonly policyIds: readonly string[]
  /** Ports to add, or to replace where the policy has them. */
  readonly setPorts?: readonly PortInput[] | null
  readonly removePorts?: readonly PortKey[] | null
}

/** Changes the ports of policies. Live grants of ports that are no longer protected end. */
export async function updatePolicy(context: CommandContext, input: UpdatePolicyInput): Promise<PolicyOutcomes> {
  const set = input.setPorts ?? []
  const remove = input.removePorts ?? []
  const read = set.length === 0 ? { ports: [], userErrors: [] } : readPorts(set, ['setPorts'])
  const userErrors = [...bounds(input.policyIds), ...read.userErrors]
  if (set.length === 0 && remove.length === 0)
    userErrors.push({ code: 'INVALID_INPUT', field: [], message: 'Name ports to set or to remove.' })
  if (userErrors.length > 0) return { results: [], userErrors }

  return context.store.db.transaction(async (tx) => {
    const held = new Map((await holdPolicies(tx, { policyIds: input.policyIds }, 'update')).map((one) => [one.id, one]))
    const results: PolicyOutcome[] = []
    const changed: string[] = []
    for (const [index, policyId] of input.policyIds.entries()) {
      const policy = held.get(policyId)
      const ports = policy === undefined ? [] : changePorts(policy.ports, read.ports, remove)
      const refused = refusalOf(context, policy, ports, remove, ['policyIds', String(index)])
      if (policy !== undefined && refused === null) {
        await change(tx, context, policy, ports)
        changed.push(policy.vmId)
        results.push({ vmId: policy.vmId, policyId, userErrors: [] })
      } else if (refused !== null) {
        const vmId = refused.code === 'NOT_FOUND' ? null : (policy?.vmId ?? null)
        results.push({ vmId, policyId: null, userErrors: [refused] })
      }
    }
    await markPathsDue(tx, changed)
    return { results, userErrors: [] }
  })
}

function bounds(policyIds: readonly string[]): UserError[] {
  const field = ['policyIds']
  if (policyIds.length === 0) return [{ code: 'INVALID_INPUT', field, message: 'Name at least one policy.' }]
  if (policyIds.length > mostMachines)
    return [
      { code: 'LIMIT_EXCEEDED', field, limit: mostMachines, message: `At most ${mostMachines} policies in one call.` },
    ]
  if (new Set(policyIds).size < policyIds.length)
    return [{ code: 'INVALID_INPUT', field, message: 'A policy is named twice.' }]
  return []
}

function refusalOf(
  { viewer }: CommandContext,
  policy: HeldPolicy | undefined,
  ports: readonly PolicyPort[],
  remove: readonly PortKey[],
  field: readonly string[],
): UserError | null {
  if (policy === undefined || !may(viewer, actions.readPolicy, policy.vmId))
    return { code: 'NOT_FOUND', field, message: 'There is no such policy, or you may not see it.' }
  if (!may(viewer, actions.writePolicy, policy.vmId))
    return { code: 'NOT_PERMITTED', field, action: actions.writePolicy, message: 'You may not change this policy.' }
  if (!policy.enabled) return { code: 'CONFLICT', field, message: 'This policy was disabled.' }
  const missing = remove.findIndex(
    ({ port, protocol }) => !policy.ports.some((held) => held.port === port && held.protocol === protocol),
  )
  if (missing >= 0)
    return { code: 'CONFLICT', field: ['removePorts', String(missing)], message: 'The policy does not have this port.' }
  if (ports.length === 0)
    return {
      code: 'CONFLICT',
      field: ['removePorts'],
      message: 'A policy keeps at least one port: disable JIT instead.',
    }
  if (ports.length > policyBounds.mostPorts)
    return {
      code: 'LIMIT_EXCEEDED',
      field: ['setPorts'],
      limit: policyBounds.mostPorts,
      message: `A policy has at most ${policyBounds.mostPorts} ports.`,
    }
  return overlaps(ports, ['setPorts'])[0] ?? null
}

async function change(tx: Transaction, { viewer }: CommandContext, policy: HeldPolicy, ports: readonly PolicyPort[]) {
  const { id: policyId, vmId, accountId, resourceGroupId } = policy
  const version = policy.version + 1
  await tx.execute(sql`update policies set version = ${version}, updated_at = gateway_now() where id = ${policyId}`)
  await tx.execute(sql`delete from policy_ports where policy_id = ${policyId}`)
  await insertPorts(
    tx,
    ports.map((port) => ({ policyId, ...port })),
  )
  await appendFacts(tx, [
    {
      kind: 'PolicyUpdated',
      actor: viewer.actor,
      policyId,
      vmId,
      accountId,
      resourceGroupId,
      detail: { version, ports },
    },
  ])
  const live = await tx.execute<PortKey & { id: string } & Record<string, unknown>>(sql`
    select id, port, protocol from grants where vm_id = ${vmId} and state in ('OPENING', 'ACTIVE')`)
  const bare = live.rows.filter((grant) => !ports.some((port) => covers(port, grant)))
  await endGrants(tx, { grantIds: bare.map((grant) => grant.id) }, 'POLICY_CHANGED', viewer.actor)
}
