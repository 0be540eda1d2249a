import { evaluate, type WindowAsked } from '../access/evaluate.ts'
import { covers, portErrors, type PortKey } from '../access/policy.ts'
import { familyOf } from '../access/prefix.ts'
import { actions } from '../access/role.ts'
import type { UserError } from '../access/user-error.ts'
import type { Viewer } from '../access/viewer.ts'
import type { Transaction } from '../store/store.ts'
import { findMachines, refusalOf, type Machine } from './find-machines.ts'
import { holdPolicies, type HeldPolicy } from './policy-rows.ts'
import type { TargetInput } from './request-access.ts'

/** A port that the policy of its machine permits. */
export interface Permitted extends PortKey {
  readonly machine: Machine
  readonly durationSeconds: number
}

/** Evaluates every port of every target; policies are held, so that none is disabled before the grants are written. */
export async function evaluateTargets(
  tx: Transaction,
  viewer: Viewer,
  targets: readonly TargetInput[],
  window: WindowAsked,
): Promise<{ readonly permitted: readonly Permitted[]; readonly userErrors: readonly UserError[] }> {
  const vmIds = targets.map((target) => target.vmId.toLowerCase())
  const machines = await findMachines(tx, vmIds)
  // Whoever may not ask holds up nobody who changes the policy.
  const permitted = vmIds.filter((id) => refusalOf(viewer, actions.requestAccess, machines.get(id), []) === null)
  const held = await holdPolicies(tx, { vmIds: permitted }, 'share')
  const policies = new Map(held.map((policy) => [policy.vmId, policy]))
  const judged = targets.map((target, index) => {
    const id = vmIds[index] as string
    return judge(viewer, machines.get(id), policies.get(id), target, window, ['targets', String(index)])
  })
  return {
    permitted: judged.flatMap((one) => one.permitted),
    userErrors: judged.flatMap((one) => one.userErrors),
  }
}

interface Judgement {
  readonly permitted: readonly Permitted[]
  readonly userErrors: readonly UserError[]
}

function judge(
  viewer: Viewer,
  machine: Machine | undefined,
  policy: HeldPolicy | undefined,
  target: TargetInput,
  window: WindowAsked,
  field: readonly string[],
): Judgement {
  const at = [...field, 'virtualMachine']
  const refused = (error: UserError): Judgement => ({ permitted: [], userErrors: [error] })
  const refusal = refusalOf(viewer, actions.requestAccess, machine, at)
  if (refusal !== null || machine === undefined) return refusal === null ? nothing : refused(refusal)
  if (policy === undefined)
    return refused({ code: 'CONFLICT', field: at, message: `JIT is not enabled on ${machine.name}.` })
  if (target.ports.length === 0)
    return refused({ code: 'INVALID_INPUT', field: [...field, 'ports'], message: 'Name at least one port.' })

  const permitted: Permitted[] = []
  const userErrors: UserError[] = []
  for (const [index, asked] of target.ports.entries()) {
    const place = [...field, 'ports', String(index)]
    const bad = portErrors(asked.port, place)
    const answer = evaluate(policy.ports, { port: asked.port, protocol: asked.protocol ?? null }, window, place)
    if (bad.length > 0) userErrors.push(...bad)
    else if (!('protocol' in answer)) userErrors.push(...answer.violations)
    else {
      const { protocol, durationSeconds } = answer
      const grant = { machine, port: asked.port, protocol, durationSeconds }
      if (permitted.some((earlier) => covers(earlier, grant) || covers(grant, earlier)))
        userErrors.push({ code: 'INVALID_INPUT', field: place, message: 'This port is named twice.' })
      else permitted.push(grant)
    }
  }
  const strangers = familyErrors(machine, window.sources)
  return strangers.length === 0
    ? { permitted, userErrors }
    : { permitted: [], userErrors: [...strangers, ...userErrors] }
}

const nothing: Judgement = { permitted: [], userErrors: [] }

/** Sources from which no address of the machine can be reached, whatever its policy says. */
function familyErrors(machine: Machine, sources: readonly string[]): UserError[] {
  return sources.flatMap((source, index) =>
    machine.addresses.some((own) => sameFamily(own, source))
      ? []
      : [
          {
            code: 'CONFLICT' as const,
            field: ['sources', String(index)],
            message: `${machine.name} has no address of the family of ${source}.`,
          },
        ],
  )
}

const sameFamily = (left: string, right: string) => familyOf(left) === familyOf(right)
