import { readApproval, type ApprovalInput } from '../access/approval.ts'
import {
  covers,
  policyBounds,
  portText,
  samePort,
  type PolicyPort,
  type PortApproval,
  type PortChanges,
  type PortKey,
} from '../access/policy.ts'
import { actions } from '../access/role.ts'
import type { UserError } from '../access/user-error.ts'
import { may, type Viewer } from '../access/viewer.ts'
import type { Transaction } from '../store/store.ts'
import { findPolicies, holdPolicies, type HeldPolicy } from './held-policies.ts'
import { mostMachines } from './vm-ids.ts'

/** What is wrong with a list of policies to change: bounded, not empty, none twice. */
export function policyIdErrors(policyIds: readonly string[]): UserError[] {
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

/** What is wrong with a list of ports to remove beside those to set: bounded, none twice, none set as well. */
export function removalErrors(remove: readonly PortKey[], set: readonly PolicyPort[]): UserError[] {
  const field = ['removePorts']
  const { mostPorts: limit } = policyBounds
  if (remove.length > limit)
    return [{ code: 'LIMIT_EXCEEDED', field, limit, message: `A policy has at most ${limit} ports.` }]
  return remove.flatMap((port, index): UserError[] => {
    const twice = remove.findIndex(samePort(port)) !== index
    if (!twice && !set.some(samePort(port))) return []
    const message = `Port ${portText(port)} is ${twice ? 'named twice' : 'to be set as well'}.`
    return [{ code: 'INVALID_INPUT', field: [...field, String(index)], message }]
  })
}

/** Who is to approve what is asked of a port, as asked; null: as the policy says. */
export interface PortApprovalInput extends PortKey {
  readonly approvalRule?: ApprovalInput | null
}

/** Checks who is to approve what is asked of ports: bounded, none twice, none set or removed as well. */
export function readPortApprovals(
  input: readonly PortApprovalInput[],
  set: readonly PortKey[],
  remove: readonly PortKey[],
): { readonly approvals: readonly PortApproval[]; readonly userErrors: readonly UserError[] } {
  const field = ['setPortApprovals']
  const { mostPorts: limit } = policyBounds
  if (input.length > limit) {
    const message = `A policy has at most ${limit} ports.`
    return { approvals: [], userErrors: [{ code: 'LIMIT_EXCEEDED', field, limit, message }] }
  }
  const read = input.map(({ port, protocol, approvalRule = null }, index) => {
    const at = [...field, String(index)]
    const rule = approvalRule === null ? null : readApproval(approvalRule, [...at, 'approvalRule'])
    const key = { port, protocol }
    const again = input.findIndex(samePort(key)) !== index || set.some(samePort(key)) || remove.some(samePort(key))
    const message = `Port ${portText(key)} is named twice: set it with its approval in one place.`
    const twice: UserError[] = again ? [{ code: 'INVALID_INPUT', field: at, message }] : []
    return { approval: { ...key, approval: rule?.rule ?? null }, userErrors: [...twice, ...(rule?.userErrors ?? [])] }
  })
  return { approvals: read.map((one) => one.approval), userErrors: read.flatMap((one) => one.userErrors) }
}

/**
 * Why `viewer` may not change the policy of the machine `vmId`, which is undefined when there is no such policy; null
 * when it may. A policy that the viewer may not see looks like one that does not exist.
 */
function viewRefusal(viewer: Viewer, vmId: string | undefined, field: readonly string[]): UserError | null {
  if (vmId === undefined || !may(viewer, actions.readPolicy, vmId))
    return { code: 'NOT_FOUND', field, message: 'There is no such policy, or you may not see it.' }
  if (!may(viewer, actions.writePolicy, vmId))
    return { code: 'NOT_PERMITTED', field, action: actions.writePolicy, message: 'You may not change this policy.' }
  return null
}

/** A policy that is named to be changed. */
export interface NamedPolicy {
  readonly policyId: string
  /** Null when there is no such policy, or the viewer may not see it. */
  readonly vmId: string | null
  /** Held; null when it was refused. */
  readonly policy: HeldPolicy | null
  readonly refusal: UserError | null
  /** The path of its id in the verb's input. */
  readonly field: readonly string[]
}

/** Holds the policies of these ids that `viewer` may change: whoever may not holds up nobody. */
export async function holdNamed(
  tx: Transaction,
  viewer: Viewer,
  policyIds: readonly string[],
): Promise<readonly NamedPolicy[]> {
  const machines = await findPolicies(tx, policyIds)
  const fieldOf = (index: number) => ['policyIds', String(index)]
  const refusals = policyIds.map((id, index) => viewRefusal(viewer, machines.get(id), fieldOf(index)))
  const permitted = policyIds.filter((_id, index) => refusals[index] === null)
  const held = new Map((await holdPolicies(tx, { policyIds: permitted }, 'update')).map((one) => [one.id, one]))
  return policyIds.map((policyId, index) => {
    const refusal = refusals[index] ?? null
    const vmId = refusal?.code === 'NOT_FOUND' ? null : (machines.get(policyId) ?? null)
    return { policyId, vmId, policy: held.get(policyId) ?? null, refusal, field: fieldOf(index) }
  })
}

/** Why a policy as it is cannot come to have `ports`, by changes; null when it can. */
export function changeRefusal(
  policy: HeldPolicy,
  ports: readonly PolicyPort[],
  { set, remove, approvals }: PortChanges,
  field: readonly string[],
): UserError | null {
  if (!policy.enabled) return { code: 'CONFLICT', field, message: 'This policy was disabled.' }
  const missing = remove.findIndex((port) => !policy.ports.some(samePort(port)))
  if (missing >= 0)
    return { code: 'CONFLICT', field: ['removePorts', String(missing)], message: 'The policy does not have this port.' }
  const unknown = approvals.findIndex((port) => !policy.ports.some(samePort(port)))
  if (unknown >= 0)
    return {
      code: 'CONFLICT',
      field: ['setPortApprovals', String(unknown)],
      message: 'The policy does not have this port.',
    }
  if (ports.length === 0)
    return {
      code: 'CONFLICT',
      field: ['removePorts'],
      message: 'A policy keeps at least one port: disable JIT instead.',
    }
  const { mostPorts: limit } = policyBounds
  if (ports.length > limit)
    return { code: 'LIMIT_EXCEEDED', field: ['setPorts'], limit, message: `A policy has at most ${limit} ports.` }
  const clash = set.findIndex((port) =>
    ports.some((other) => !samePort(port)(other) && (covers(other, port) || covers(port, other))),
  )
  if (clash >= 0)
    return {
      code: 'CONFLICT',
      field: ['setPorts', String(clash)],
      message:
        'It overlaps a port that the policy has: ANY stands for all protocols. Remove that one in the same call.',
    }
  return null
}
