import type { AccessAsked, Constraint } from '../access/constraints.ts'
import { evaluate, type Permission } from '../access/evaluate.ts'
import { lockedDown, type Lockdown } from '../access/lockdown.ts'
import { covers, portErrors, type PolicyTerms, type PortKey } from '../access/policy.ts'
import { familyOf } from '../access/prefix.ts'
import { actions } from '../access/role.ts'
import type { UserError } from '../access/user-error.ts'
import { may, type Viewer } from '../access/viewer.ts'
import { refusalOf, type Machine } from './find-machines.ts'
import type { TargetInput } from './read-request.ts'

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

/** What became of one port of an ask. */
export interface JudgedPort {
  /** Every constraint of the policy, satisfied or not; empty when the port was not held against it. */
  readonly constraints: readonly Constraint[]
  /** Null when it is not permitted, be it for another reason than a constraint. */
  readonly permitted: Permitted | null
}

/** What became of one ask: what is permitted of it, and why the rest is not. */
export interface Verdict {
  /** One for each port of the ask, in their order. */
  readonly ports: readonly JudgedPort[]
  readonly permitted: readonly Permitted[]
  readonly userErrors: readonly UserError[]
}

/** Judges every port of an ask by the policy of its machine, in the lockdowns in force there; `field` is its place. */
export function judgeTarget(
  { viewer, target, access }: Ask,
  machine: Machine | undefined,
  lockdowns: readonly Lockdown[],
  policy: PolicyTerms | undefined,
  field: readonly string[],
): Verdict {
  const at = [...field, 'virtualMachine']
  const refused = (...userErrors: UserError[]): Verdict => ({
    ports: target.ports.map(() => notJudged),
    permitted: [],
    userErrors,
  })
  const refusal = refusalOf(viewer, actions.requestAccess, machine, at)
  if (refusal !== null || machine === undefined) return refusal === null ? refused() : refused(refusal)
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

  const strangers = familyErrors(machine, access.sources)
  const told: UserError[] = []
  const named: PortKey[] = []
  const ports = target.ports.map((asked, index): JudgedPort => {
    const answer = judgePort(policy, asked, access, [...field, 'ports', String(index)], named)
    told.push(...answer.userErrors.filter((one) => !isTold(told, one)))
    if (answer.permitted === null) return { constraints: answer.constraints, permitted: null }
    const permitted = { machine, ...answer.permitted, past: [...answer.permitted.past, ...passed] }
    named.push(permitted)
    return { constraints: answer.constraints, permitted: strangers.length === 0 ? permitted : null }
  })
  return { ports, permitted: ports.flatMap(({ permitted }) => permitted ?? []), userErrors: [...strangers, ...told] }
}

const notJudged: JudgedPort = { constraints: [], permitted: null }

/** Judges a port by a policy; `named` are those that were permitted before it. */
function judgePort(
  policy: PolicyTerms,
  { port, protocol = null }: TargetInput['ports'][number],
  access: AccessAsked,
  field: readonly string[],
  named: readonly PortKey[],
): {
  readonly constraints: readonly Constraint[]
  readonly permitted: (PortKey & Permission) | null
  readonly userErrors: readonly UserError[]
} {
  const bad = portErrors(port, field)
  if (bad.length > 0) return { ...notJudged, permitted: null, userErrors: bad }
  const { constraints, violations, permitted } = evaluate(policy, { port, protocol }, access, field)
  if (permitted === null) return { constraints, permitted: null, userErrors: violations }
  const grant = { port, ...permitted }
  if (!named.some((earlier) => covers(earlier, grant) || covers(grant, earlier)))
    return { constraints, permitted: grant, userErrors: [] }
  const twice: UserError = { code: 'INVALID_INPUT', field, message: 'This port is named twice.' }
  return { constraints, permitted: null, userErrors: [twice] }
}

const notBreaking = ({ name }: Machine, field: readonly string[]): UserError => ({
  code: 'NOT_PERMITTED',
  field,
  action: actions.breakGlass,
  message: `You may not ask for access to ${name} by break-glass.`,
})

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
