import { approvalFor, type ApprovalRule } from './approval.ts'
import {
  approvalConstraint,
  durationConstraint,
  portConstraint,
  protocolConstraint,
  sourceConstraints,
  textConstraint,
  type AccessAsked,
  type Constraint,
  type PortAsked,
} from './constraints.ts'
import { covers, type PolicyTerms } from './policy.ts'
import type { PolicyViolation } from './user-error.ts'
import type { Protocol, Safeguard } from './words.ts'

/** What a policy answers: every constraint, satisfied or not, and what it permits when none failed. */
export interface Evaluation {
  readonly constraints: readonly Constraint[]
  readonly violations: readonly PolicyViolation[]
  readonly permitted: Permission | null
}

/** What a policy permits. */
export interface Permission {
  readonly protocol: Protocol
  readonly durationSeconds: number
  /** Who has to approve it first; null when nobody has to. */
  readonly approval: ApprovalRule | null
  /** What break-glass goes past. */
  readonly past: readonly Safeguard[]
}

/** Evaluates one port against a policy. `field` is the path of the port in the verb's input. */
export function evaluate(
  policy: PolicyTerms,
  asked: PortAsked,
  access: AccessAsked,
  field: readonly string[],
): Evaluation {
  const onPort = policy.ports.filter((port) => port.port === asked.port)
  const rule = onPort.find(
    (port) => asked.protocol === null || covers(port, { port: asked.port, protocol: asked.protocol }),
  )
  const against = rule ?? onPort[0]
  const constraints = [
    portConstraint(policy, asked, [...field, 'port']),
    ...(against === undefined
      ? []
      : [
          protocolConstraint(onPort, asked, rule, [...field, 'protocol']),
          ...sourceConstraints(against, access.sources),
          durationConstraint(against, access),
        ]),
    textConstraint('JUSTIFICATION', ['justification'], policy.justification, access.justification),
    textConstraint('TICKET', ['ticket', 'id'], policy.ticket, access.ticket?.id ?? null),
    ...(against === undefined ? [] : approvalConstraint(policy, against, access, field)),
  ]
  const violations = constraints.filter(({ satisfied }) => !satisfied).map(violationOf)
  if (rule === undefined || violations.length > 0) return { constraints, violations, permitted: null }
  const approval = approvalFor(rule.approval, policy.approval)
  const passes = approval !== null && access.breakGlass === true
  const permitted = {
    protocol: asked.protocol ?? rule.protocol,
    durationSeconds: access.durationSeconds ?? rule.maximumDurationSeconds,
    approval: passes ? null : approval,
    past: passes ? (['APPROVAL'] as const) : [],
  }
  return { constraints, violations, permitted }
}

function violationOf({ satisfied: _satisfied, ...constraint }: Constraint): PolicyViolation {
  return { code: 'POLICY_VIOLATION', ...constraint }
}
