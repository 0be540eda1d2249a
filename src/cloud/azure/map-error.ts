import { CloudError, type CloudErrorKind } from '../error.ts'
import { adviceFor } from './advice.ts'
import { correlationIdOf, listProperty, property, retryAfterMs, textProperty, type ArmAnswer } from './answer.ts'
import { missingActions } from './missing-actions.ts'

/** An error as ARM writes it. */
export interface ArmFault {
  readonly code: string
  /** All that was said, the details' words too: often they alone say what is wrong. */
  readonly message: string
  readonly detailCodes: readonly string[]
}

/** Reads the `error` of a body; the code says so when there is none. */
export function faultIn(body: unknown): ArmFault {
  const error = property(body, 'error') ?? body
  const details = listProperty(error, 'details')
  const words = [error, ...details].flatMap((part) => textProperty(part, 'message') ?? [])
  return {
    code: textProperty(error, 'code') ?? 'Unknown',
    message: [...new Set(words)].join(' '),
    detailCodes: details.flatMap((detail) => textProperty(detail, 'code') ?? []),
  }
}

/**
 * Kinds by the cloud's own code, where it says more than the status. A subscription that "could not be found" is one our
 * identity may not see: taken for gone, its boundaries would count as closed.
 */
const kindsByCode: Readonly<Record<string, CloudErrorKind>> = {
  SubscriptionRequestsThrottled: 'THROTTLED',
  AnotherOperationInProgress: 'CONFLICT',
  RetryableErrorDueToAnotherOperation: 'CONFLICT',
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
  ResourceNotFound: 'NOT_FOUND',
  ResourceGroupNotFound: 'NOT_FOUND',
  NotFound: 'NOT_FOUND',
  InvalidResourceType: 'INVALID',
  InvalidResourceNamespace: 'INVALID',
  MissingSubscriptionRegistration: 'INVALID',
  InternalServerError: 'UNAVAILABLE',
  InternalExecutionError: 'UNAVAILABLE',
  ServiceUnavailable: 'UNAVAILABLE',
  ServerTimeout: 'UNAVAILABLE',
  GatewayTimeout: 'UNAVAILABLE',
}

/** A 404 in nobody's words may be a proxy's: it does not say that a resource is gone. */
const kindsByStatus: Readonly<Record<number, CloudErrorKind>> = {
  401: 'FORBIDDEN',
  403: 'FORBIDDEN',
  404: 'UNAVAILABLE',
  408: 'UNAVAILABLE',
  409: 'CONFLICT',
  412: 'CONFLICT',
  429: 'THROTTLED',
}

/** What kind of refusal it is. A `RetryableError` is a quota only when its detail says so; otherwise somebody else writes. */
export function kindOf(status: number, { code, detailCodes }: ArmFault): CloudErrorKind {
  if (detailCodes.includes('CanceledAndSupersededDueToAnotherOperation')) return 'CONFLICT'
  if (code === 'RetryableError')
    return detailCodes.includes('RetryableErrorDueToTooManyCalls') ? 'THROTTLED' : 'CONFLICT'
  if (code.endsWith('LimitReached')) return 'QUOTA'
  return kindsByCode[code] ?? kindsByStatus[status] ?? (status >= 400 && status < 500 ? 'INVALID' : 'UNAVAILABLE')
}

/** A refused call as the gateway knows refusals. */
export function refusalIn(answer: ArmAnswer, now: number): CloudError {
  const fault = faultIn(answer.body)
  const named = fault.code === 'Unknown' ? { ...fault, code: `Http${String(answer.status)}` } : fault
  const kind = kindOf(answer.status, named)
  return new CloudError(kind, named.code, wordsFor(kind, named), {
    retryAfterMs: retryAfterMs(answer, now),
    correlationId: correlationIdOf(answer),
    missingPermissions: kind === 'FORBIDDEN' ? missingActions(named.message) : [],
  })
}

/**
 * A write that was accepted and then failed or was cancelled, with the words of its operation. A code that is not known
 * is taken for a fault of the rules: they are then tried apart, so that a bad one holds back no close.
 */
export function failureOf(body: unknown, correlationId: string | null): CloudError {
  const fault = faultIn(property(body, 'error'))
  const canceled = textProperty(body, 'status') === 'Canceled'
  const kind = canceled ? 'CONFLICT' : kindOf(400, fault)
  const missingPermissions = kind === 'FORBIDDEN' ? missingActions(fault.message) : []
  return new CloudError(kind, fault.code, wordsFor(kind, fault), { correlationId, missingPermissions })
}

/** What happened and what to do, then the cloud's own words. */
function wordsFor(kind: CloudErrorKind, { code, message }: ArmFault): string {
  const advice = adviceFor(kind, code, message)
  return message === '' ? advice : `${advice} Azure says: ${message}`
}
