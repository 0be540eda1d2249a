import type { AccessAsked } from '../access/constraints.ts'
import { evaluate, type Permission } from '../access/evaluate.ts'
import { lockedDown, scopesOf, type Lockdown } from '../access/lockdown.ts'
import { covers, portErrors, type PortKey } from '../access/policy.ts'
import { familyOf } from '../access/prefix.ts'
import { actions } from '../access/role.ts'
import type { UserError } from '../access/user-error.ts'
import { may, type Viewer } from '../access/viewer.ts'
import { lockdownsAt } from '../store/lockdowns.ts'
import type { Transaction } from '../store/store.ts'
import { findMachines, refusalOf, type Machine } from './find-machines.ts'
import { holdPolicies, type HeldPolicy } from './held-policies.ts'
import type { TargetInput } from './request-access.ts'

/** A port that the policy of its machine permits. */
export interface Permitted extends PortKey, Permission {
  readonly machine: Machine
}

/** What is asked of one machine, and by whom. */
export interface Ask {
  readonly viewer: Viewer
  readonly target: TargetInput
  readonly access: AccessAsked
}

/** What became of one ask: what is permitted of it, and every constraint that failed. */
export interface Judgement {
  readonly permitted: readonly Permitted[]
  readonly userErrors: readonly UserError[]
  /** Null when there is no such machine. */
  readonly machine: Machine | null
}

/**
 * Evaluates every port of every ask; the answer is in their order. Policies are held, so that none is disabled before the
 * grants are written.
 */
export async function evaluateTargets(tx: Transaction, asks: readonly Ask[]): Promise<readonly Judgement[]> {
  const vmIds = asks.map(({ target }) => target.vmId.toLowerCase())
  const machines = await findMachines(tx, vmIds)
  // Whoever may not ask holds up nobody who changes the policy.
  const permitted = vmIds.filter((id, index) => {
    const { viewer } = asks[index] as Ask
    return refusalOf(viewer, actions.requestAccess, machines.get(id), []) === null
  })
  const lockdowns = await lockdownsAt(tx, [...new Set(permitted.flatMap(scopesOf))])
  const held = await holdPolicies(tx, { vmIds: permitted }, 'share')
  const policies = new Map(held.map((policy) => [policy.vmId, policy]))
  return asks.map((ask, index) => {
    const id = vmIds[index] as string
    const machine = machines.get(id)
    const over = scopesOf(id).flatMap((scope) => lockdowns.get(scope) ?? [])
    const verdict = judge(ask, machine, over, policies.get(id), ['targets', String(index)])
    return { ...verdict, machine: machine ?? null }
  })
}

type Verdict = Omit<Judgement, 'machine'>

function judge(
  { viewer, target, access }: Ask,
  machine: Machine | undefined,
  lockdowns: readonly Lockdown[],
  policy: HeldPolicy | undefined,
  field: readonly string[],
): Verdict {
  const at = [...field, 'virtualMachine']
  const refused = (error: UserError): Verdict => ({ permitted: [], userErrors: [error] })
  const refusal = refusalOf(viewer, actions.requestAccess, machine, at)
  if (refusal !== null || machine === undefined) return refusal === null ? nothing : refused(refusal)
  const breakGlass = access.breakGlass === true
  if (breakGlass && !may(viewer, actions.breakGlass, machine.id)) return refused(notBreaking(machine, at))
  // Whoever may lift a lockdown may open past it; for whoever may not, it holds in an emergency too.
  const passed = lockdowns.length > 0 && breakGlass ? (['LOCKDOWN'] as const) : []
  const bar = lockdowns.find(({ scope }) => !breakGlass || !may(viewer, actions.liftLockDown, scope))
  if (bar !== undefined) return refused(lockedDown(machine.name, bar, at))
  if (policy === undefined)
    return refused({ code: 'CONFLICT', field: at, message: `JIT is not enabled on ${machine.name}.` })
  if (target.ports.length === 0)
    return refused({ code: 'INVALID_INPUT', field: [...field, 'ports'], message: 'Name at least one port.' })

  const permitted: Permitted[] = []
  const userErrors: UserError[] = []
  for (const [index, asked] of target.ports.entries()) {
    const place = [...field, 'ports', String(index)]
    const bad = portErrors(asked.port, place)
    const answer = evaluate(policy, { port: asked.port, protocol: asked.protocol ?? null }, access, place)
    if (bad.length > 0) userErrors.push(...bad)
    else if (answer.permitted === null) userErrors.push(...answer.violations.filter((one) => !isTold(userErrors, one)))
    else {
      const past = [...answer.permitted.past, ...passed]
      const grant = { machine, port: asked.port, ...answer.permitted, past }
      if (permitted.some((earlier) => covers(earlier, grant) || covers(grant, earlier)))
        userErrors.push({ code: 'INVALID_INPUT', field: place, message: 'This port is named twice.' })
      else permitted.push(grant)
    }
  }
  const strangers = familyErrors(machine, access.sources)
  return strangers.length === 0
    ? { permitted, userErrors }
    : { permitted: [], userErrors: [...strangers, ...userErrors] }
}

const notBreaking = ({ name }: Machine, field: readonly string[]): UserError => ({
  code: 'NOT_PERMITTED',
  field,
  action: actions.breakGlass,
  message: `You may not ask for access to ${name} by break-glass.`,
})

const nothing: Verdict = { permitted: [], userErrors: [] }

/** Whether the very same was said of another port: what a policy asks of every port is told once. */
function isTold(told: readonly UserError[], { field, message }: UserError): boolean {
  return told.some((one) => one.message === message && one.field.join(' ') === field.join(' '))
}

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
