import { formatDuration } from '../time/duration.ts'
import { approvalFor, mostApproving } from './approval.ts'
import { portText, type PolicyPort, type PolicyTerms } from './policy.ts'
import { parsePrefix, prefixContains, type Prefix } from './prefix.ts'
import { meetsTextRule, type TextRule } from './text-rule.ts'
import type { Ticket } from './ticket.ts'
import type { PolicyConstraint } from './user-error.ts'
import type { Protocol } from './words.ts'

/** One port asked of one virtual machine. */
export interface PortAsked {
  readonly port: number
  /** Null asks for the protocol that the policy has for the port. */
  readonly protocol: Protocol | null
}

/** What is asked of the port, and by whom. */
export interface AccessAsked {
  /** By `Actor.id`. */
  readonly requesterId: string
  /** Canonical CIDRs. */
  readonly sources: readonly string[]
  /** Null asks for the longest that the policy allows. */
  readonly durationSeconds: number | null
  /** Set when the duration follows from an absolute end: a refusal then points at the end. */
  readonly endsAt: Date | null
  readonly justification: string | null
  readonly ticket: Ticket | null
  /** Whether to go past what break-glass may go past; not unless it says so. */
  readonly breakGlass?: boolean
}

/** One constraint of a policy, as it was found for what was asked. */
export interface Constraint {
  readonly constraint: PolicyConstraint
  readonly satisfied: boolean
  /** The path of what was asked in the verb's input. */
  readonly field: readonly string[]
  /** Values that would pass. */
  readonly allowed: readonly string[]
  readonly asked: string
  /** For a person to read. */
  readonly message: string
}

export function portConstraint({ ports }: PolicyTerms, { port }: PortAsked, field: readonly string[]): Constraint {
  const satisfied = ports.some((one) => one.port === port)
  return {
    constraint: 'PORT',
    satisfied,
    field,
    allowed: ports.map(portText),
    asked: String(port),
    message: `The policy ${satisfied ? 'has' : 'does not have'} port ${port}.`,
  }
}

export function protocolConstraint(
  onPort: readonly PolicyPort[],
  { port, protocol }: PortAsked,
  rule: PolicyPort | undefined,
  field: readonly string[],
): Constraint {
  const wanted = protocol ?? rule?.protocol
  return {
    constraint: 'PROTOCOL',
    satisfied: rule !== undefined,
    field,
    allowed: onPort.map((one) => one.protocol),
    asked: String(wanted),
    message: `The policy ${rule === undefined ? 'does not allow' : 'allows'} ${String(wanted)} on port ${port}.`,
  }
}

export function sourceConstraints(rule: PolicyPort, sources: readonly string[]): Constraint[] {
  const allowed = rule.allowedSources.map(readPrefix)
  return sources.map((text, index) => {
    const source = readPrefix(text)
    const satisfied = allowed.some((outer) => prefixContains(outer, source))
    return {
      constraint: 'SOURCE',
      satisfied,
      field: ['sources', String(index)],
      allowed: rule.allowedSources,
      asked: text,
      message: `The policy of port ${portText(rule)} ${satisfied ? 'allows' : 'does not allow'} the source ${text}.`,
    }
  })
}

export function durationConstraint(rule: PolicyPort, { durationSeconds, endsAt }: AccessAsked): Constraint {
  const most = formatDuration(rule.maximumDurationSeconds)
  return {
    constraint: 'DURATION',
    satisfied: durationSeconds === null || durationSeconds <= rule.maximumDurationSeconds,
    field: [endsAt === null ? 'duration' : 'endsAt'],
    allowed: [most],
    asked: durationSeconds === null ? most : formatDuration(durationSeconds),
    message: `The policy of port ${portText(rule)} allows at most ${most}.`,
  }
}

export function textConstraint(
  constraint: 'JUSTIFICATION' | 'TICKET',
  field: readonly string[],
  rule: TextRule,
  text: string | null,
): Constraint {
  const what = constraint.toLowerCase()
  const must = rule.pattern === null ? 'may be anything' : `must match ${rule.pattern}`
  return {
    constraint,
    satisfied: meetsTextRule(rule, text),
    field,
    allowed: rule.pattern === null ? [] : [rule.pattern],
    asked: text ?? '',
    message: rule.required ? `The policy asks for a ${what}, which ${must}.` : `A ${what} ${must}.`,
  }
}

/** That what needs approval can be approved at all: nobody approves an own request. */
export function approvalConstraint(
  policy: PolicyTerms,
  port: PolicyPort,
  { requesterId, breakGlass = false }: AccessAsked,
  field: readonly string[],
): Constraint[] {
  const rule = approvalFor(port.approval, policy.approval)
  if (rule === null || breakGlass) return []
  const { approvalsNeeded } = rule
  const satisfied = mostApproving(rule, requesterId) >= approvalsNeeded
  const message = `The policy of port ${portText(port)} asks for ${approvalsNeeded} approvals`
  return [
    {
      constraint: 'APPROVAL',
      satisfied,
      field: [...field, 'port'],
      allowed: [String(approvalsNeeded)],
      asked: requesterId,
      message: satisfied ? `${message}.` : `${message}, and names too few approvers beside the requester.`,
    },
  ]
}

/** Only for prefixes that were read once before. */
function readPrefix(text: string): Prefix {
  const prefix = parsePrefix(text)
  if ('fault' in prefix) throw new Error(`a stored prefix does not parse: ${text}`)
  return prefix
}
