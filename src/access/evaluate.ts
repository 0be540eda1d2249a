import { formatDuration } from '../time/duration.ts'
import { covers, portText, type PolicyPort } from './policy.ts'
import { parsePrefix, prefixContains, type Prefix } from './prefix.ts'
import type { PolicyViolation } from './user-error.ts'
import type { Protocol } from './words.ts'

/** One port asked of one virtual machine. */
export interface PortAsked {
  readonly port: number
  /** Null asks for the protocol that the policy has for the port. */
  readonly protocol: Protocol | null
}

/** What is asked of the port. */
export interface WindowAsked {
  /** Canonical CIDRs. */
  readonly sources: readonly string[]
  /** Null asks for the longest that the policy allows. */
  readonly durationSeconds: number | null
  /** Set when the duration follows from an absolute end: a refusal then points at the end. */
  readonly endsAt?: Date | null
}

/** What a policy answers: the window it permits, or every constraint that failed. */
export type Evaluation =
  | { readonly protocol: Protocol; readonly durationSeconds: number; readonly violations: readonly [] }
  | { readonly violations: readonly PolicyViolation[] }

/** Evaluates one port against a policy. `field` is the path of the port in the verb's input. */
export function evaluate(
  policy: readonly PolicyPort[],
  asked: PortAsked,
  window: WindowAsked,
  field: readonly string[],
): Evaluation {
  const onPort = policy.filter((port) => port.port === asked.port)
  if (onPort.length === 0)
    return {
      violations: [
        violation(
          'PORT',
          [...field, 'port'],
          policy.map(portText),
          String(asked.port),
          `The policy does not have port ${asked.port}.`,
        ),
      ],
    }
  const rule = onPort.find(
    (port) => asked.protocol === null || covers(port, { port: asked.port, protocol: asked.protocol }),
  )
  const violations: PolicyViolation[] = []
  if (rule === undefined)
    violations.push(
      violation(
        'PROTOCOL',
        [...field, 'protocol'],
        onPort.map((port) => port.protocol),
        String(asked.protocol),
        `The policy does not allow ${asked.protocol} on port ${asked.port}.`,
      ),
    )
  const against = rule ?? (onPort[0] as PolicyPort)
  violations.push(...sourceViolations(against, window.sources), ...durationViolations(against, window))
  if (rule === undefined || violations.length > 0) return { violations }
  return {
    protocol: asked.protocol ?? rule.protocol,
    durationSeconds: window.durationSeconds ?? rule.maximumDurationSeconds,
    violations: [],
  }
}

function sourceViolations(rule: PolicyPort, sources: readonly string[]): PolicyViolation[] {
  const allowed = rule.allowedSources.map(readPrefix)
  return sources.flatMap((text, index) =>
    allowed.some((outer) => prefixContains(outer, readPrefix(text)))
      ? []
      : [
          violation(
            'SOURCE',
            ['sources', String(index)],
            rule.allowedSources,
            text,
            `The policy of port ${portText(rule)} does not allow the source ${text}.`,
          ),
        ],
  )
}

function durationViolations(rule: PolicyPort, window: WindowAsked): PolicyViolation[] {
  const { durationSeconds: seconds, endsAt = null } = window
  if (seconds === null || seconds <= rule.maximumDurationSeconds) return []
  const most = formatDuration(rule.maximumDurationSeconds)
  const message = `The policy of port ${portText(rule)} allows at most ${most}.`
  return [violation('DURATION', [endsAt === null ? 'duration' : 'endsAt'], [most], formatDuration(seconds), message)]
}

/** Only for prefixes that were read once before. */
function readPrefix(text: string): Prefix {
  const prefix = parsePrefix(text)
  if ('fault' in prefix) throw new Error(`a stored prefix does not parse: ${text}`)
  return prefix
}

function violation(
  constraint: PolicyViolation['constraint'],
  field: readonly string[],
  allowed: readonly string[],
  asked: string,
  message: string,
): PolicyViolation {
  return { code: 'POLICY_VIOLATION', constraint, field, allowed, asked, message }
}
