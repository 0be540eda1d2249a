/** What a caller got wrong, as data: the answer of a verb that wrote nothing for that part of the input. */
export type UserError = InvalidInput | NotFound | NotPermitted | PolicyViolation | LockedDown | Conflict | LimitExceeded

interface Common {
  /** For a person to read. */
  readonly message: string
  /** The path into the verb's input, such as `['ports', '0', 'port']`; empty when the whole input is meant. */
  readonly field: readonly string[]
}

/** A value that no state of the gateway would accept. */
export interface InvalidInput extends Common {
  readonly code: 'INVALID_INPUT'
}

/** No such thing, or the viewer may not know of it: both look alike. */
export interface NotFound extends Common {
  readonly code: 'NOT_FOUND'
}

/** The viewer may see it but not do this to it. */
export interface NotPermitted extends Common {
  readonly code: 'NOT_PERMITTED'
  /** The action string a role would have to hold at that scope. */
  readonly action: string
}

/** The constraints of a policy that a request for access can fail. */
export const policyConstraints = [
  'PORT',
  'PROTOCOL',
  'SOURCE',
  'DURATION',
  'JUSTIFICATION',
  'TICKET',
  'APPROVAL',
] as const
export type PolicyConstraint = (typeof policyConstraints)[number]

/** One constraint of a policy that was not satisfied, and what would pass. */
export interface PolicyViolation extends Common {
  readonly code: 'POLICY_VIOLATION'
  readonly constraint: PolicyConstraint
  /**
   * Values that would pass: ports (`22/TCP`), CIDRs, one ISO 8601 duration as the maximum, or the pattern of a text;
   * empty where any text would.
   */
  readonly allowed: readonly string[]
  /** The value that was asked. */
  readonly asked: string
}

/** Nothing may be asked for there now: a lockdown is in force. */
export interface LockedDown extends Common {
  readonly code: 'LOCKED_DOWN'
  /** Where it is in force: the scope itself or one above what was asked for. */
  readonly scope: string
  /** In the words of whoever locked it down. */
  readonly reason: string
  /** ISO 8601. */
  readonly since: string
}

/** Right in itself, but not in the state things are in. */
export interface Conflict extends Common {
  readonly code: 'CONFLICT'
}

/** More than one call may carry. */
export interface LimitExceeded extends Common {
  readonly code: 'LIMIT_EXCEEDED'
  readonly limit: number
}

export const userErrorCodes = [
  'INVALID_INPUT',
  'NOT_FOUND',
  'NOT_PERMITTED',
  'POLICY_VIOLATION',
  'LOCKED_DOWN',
  'CONFLICT',
  'LIMIT_EXCEEDED',
] as const satisfies readonly UserError['code'][]
