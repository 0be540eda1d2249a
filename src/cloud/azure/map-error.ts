import { CloudError, type CloudErrorKind } from '../error.ts'
import { correlationIdOf, listProperty, property, retryAfterMs, textProperty, type ArmAnswer } from './answer.ts'

/** An error as ARM writes it. */
export interface ArmFault {
  readonly code: string
  readonly message: string
  readonly detailCodes: readonly string[]
}

/** Reads the `error` of a body; the code says so when there is none. */
export function faultIn(body: unknown): ArmFault {
  const error = property(body, 'error') ?? body
  return {
    code: textProperty(error, 'code') ?? 'Unknown',
    message: textProperty(error, 'message') ?? '',
    detailCodes: listProperty(error, 'details').flatMap((detail) => textProperty(detail, 'code') ?? []),
  }
}

/**
 * Kinds by the cloud's own code, where it says more than the status. A subscription that "could not be found" is one our
 * identity may not see: taken for gone, its boundaries would count as closed.
 */
const kindsByCode: Readonly<Record<string, CloudErrorKind>> = {
  SubscriptionRequestsThrottled: 'THROTTLED',
  AnotherOperationInProgress: 'CONFLICT',
  PreconditionFailed: 'CONFLICT',
  Canceled: 'CONFLICT',
  ReferencedResourceNotProvisioned: 'CONFLICT',
  ScopeLocked: 'LOCKED',
  ReadOnlyDisabledSubscription: 'LOCKED',
  AuthorizationFailed: 'FORBIDDEN',
  LinkedAuthorizationFailed: 'FORBIDDEN',
  RequestDisallowedByPolicy: 'FORBIDDEN',
  SubscriptionNotFound: 'FORBIDDEN',
  InvalidSubscriptionId: 'FORBIDDEN',
  SecurityRuleCountLimitReached: 'QUOTA',
  SecurityRuleAddressPrefixCountLimitReached: 'QUOTA',
  InternalServerError: 'UNAVAILABLE',
}

const kindsByStatus: Readonly<Record<number, CloudErrorKind>> = {
  400: 'INVALID',
  401: 'FORBIDDEN',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  409: 'CONFLICT',
  412: 'CONFLICT',
  429: 'THROTTLED',
}

/** What kind of refusal it is. A `RetryableError` is a quota only when its detail says so; otherwise somebody else writes. */
export function kindOf(status: number, { code, detailCodes }: ArmFault): CloudErrorKind {
  if (code === 'RetryableError')
    return detailCodes.includes('RetryableErrorDueToTooManyCalls') ? 'THROTTLED' : 'CONFLICT'
  return kindsByCode[code] ?? kindsByStatus[status] ?? (status < 500 && status !== 408 ? 'INVALID' : 'UNAVAILABLE')
}

/** A refused call as the gateway knows refusals. */
export function refusalIn(answer: ArmAnswer, now: number): CloudError {
  const fault = faultIn(answer.body)
  const named = fault.code === 'Unknown' ? { ...fault, code: `Http${String(answer.status)}` } : fault
  const kind = kindOf(answer.status, named)
  return new CloudError(kind, named.code, wordsFor(kind, named), {
    retryAfterMs: retryAfterMs(answer, now),
    correlationId: correlationIdOf(answer),
  })
}

/** A write that was accepted and then failed or was cancelled, with the words of its operation. */
export function failureOf(body: unknown, correlationId: string | null): CloudError {
  const fault = faultIn(property(body, 'error'))
  const canceled = textProperty(body, 'status') === 'Canceled'
  const kind = canceled ? 'CONFLICT' : kindOf(400, fault)
  return new CloudError(kind, fault.code, wordsFor(kind, fault), { correlationId })
}

/** What happened and what to do, then the cloud's own words. */
function wordsFor(kind: CloudErrorKind, { code, message }: ArmFault): string {
  const action = /perform action '([^']+)'/.exec(message)?.[1]
  const advice: Readonly<Record<CloudErrorKind, string>> = {
    THROTTLED: 'Azure takes no more calls for this subscription for now; the gateway waits as long as it asks.',
    CONFLICT: 'Somebody else wrote to it at the same moment; the gateway reads it anew and tries again.',
    FORBIDDEN:
      code === 'RequestDisallowedByPolicy'
        ? 'An Azure Policy of your organisation forbids this write: exempt the resource, or ask whoever owns the policy.'
        : `The gateway's identity lacks a permission${action === undefined ? '' : ` (${action})`}: assign it a role that has it at this scope.`,
    NOT_FOUND: 'It is no longer there.',
    LOCKED: 'A resource lock forbids this write: remove the lock, or let it forbid deletion only.',
    QUOTA:
      'The network security group has reached a limit: remove rules from it, or wait until other grants have ended.',
    INVALID: 'Azure does not accept what the gateway wrote.',
    UNAVAILABLE: 'Azure could not answer; the gateway tries again.',
  }
  return message === '' ? advice[kind] : `${advice[kind]} Azure says: ${message}`
}
