import { CloudError, type CloudErrorKind } from '../error.ts'
import { adviceFor } from './advice.ts'

/** EC2 does not say how long to wait: its buckets are filled up again every second. */
const THROTTLED_MS = 1_000

/**
 * Kinds by EC2's own code. A group or a rule that is not found is mostly one that EC2 does not show everywhere yet, or
 * no more: only an interface that is gone takes its boundary with it.
 */
const kindsByCode: Readonly<Record<string, CloudErrorKind>> = {
  RequestLimitExceeded: 'THROTTLED',
  Throttling: 'THROTTLED',
  ThrottlingException: 'THROTTLED',
  RequestThrottled: 'THROTTLED',
  'InvalidPermission.Duplicate': 'CONFLICT',
  'InvalidPermission.NotFound': 'CONFLICT',
  'InvalidSecurityGroupRuleId.NotFound': 'CONFLICT',
  'InvalidGroup.Duplicate': 'CONFLICT',
  'InvalidGroup.NotFound': 'CONFLICT',
  'InvalidSecurityGroupID.NotFound': 'CONFLICT',
  'InvalidGroup.InUse': 'CONFLICT',
  DependencyViolation: 'CONFLICT',
  IncorrectState: 'CONFLICT',
  'InvalidNetworkInterfaceID.NotFound': 'NOT_FOUND',
  UnauthorizedOperation: 'FORBIDDEN',
  AccessDenied: 'FORBIDDEN',
  AccessDeniedException: 'FORBIDDEN',
  AuthFailure: 'FORBIDDEN',
  OptInRequired: 'FORBIDDEN',
  Blocked: 'FORBIDDEN',
  PendingVerification: 'FORBIDDEN',
  InvalidClientTokenId: 'FORBIDDEN',
  SignatureDoesNotMatch: 'FORBIDDEN',
  UnrecognizedClientException: 'FORBIDDEN',
  OperationNotPermitted: 'FORBIDDEN',
  RequestExpired: 'UNAVAILABLE',
  ExpiredToken: 'UNAVAILABLE',
  InternalError: 'UNAVAILABLE',
  InternalFailure: 'UNAVAILABLE',
  ServiceUnavailable: 'UNAVAILABLE',
  Unavailable: 'UNAVAILABLE',
}

/** What is read of an error of the SDK's, without trust in its shape. */
interface SdkError {
  readonly code: string
  readonly message: string
  /** Null when no answer came. */
  readonly status: number | null
  readonly requestId: string | null
}

export function readSdkError(error: unknown): SdkError {
  const part = (value: unknown, name: string): unknown =>
    typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
  const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : null)
  const metadata = part(error, '$metadata')
  const status = part(metadata, 'httpStatusCode')
  return {
    code: text(part(error, 'Code')) ?? text(part(error, 'code')) ?? text(part(error, 'name')) ?? 'Unknown',
    message: text(part(error, 'message')) ?? '',
    status: typeof status === 'number' ? status : null,
    requestId: text(part(metadata, 'requestId')),
  }
}

/** What kind of refusal a code is; by the status where the code is not known. */
export function kindOf(code: string, status: number): CloudErrorKind {
  if (code.endsWith('LimitExceeded') && code !== 'RequestLimitExceeded') return 'QUOTA'
  const known = kindsByCode[code]
  if (known !== undefined) return known
  if (status === 401 || status === 403) return 'FORBIDDEN'
  if (status === 429) return 'THROTTLED'
  return status >= 400 && status < 500 ? 'INVALID' : 'UNAVAILABLE'
}

/** A call that AWS refused, as the gateway knows refusals. `action` is the permission that the call needs. */
export function refusalOf({ code, message, status, requestId }: SdkError, action: string): CloudError {
  const kind = kindOf(code, status ?? 0)
  const advice = adviceFor(kind, code, action)
  return new CloudError(kind, code, message === '' ? advice : `${advice} AWS says: ${message}`, {
    retryAfterMs: kind === 'THROTTLED' ? THROTTLED_MS : null,
    correlationId: requestId,
    missingPermissions: deniedByPolicy.has(code) ? [action] : [],
  })
}

/** What AWS answers when no policy allows a call; other refusals of its kind have other reasons. */
const deniedByPolicy: ReadonlySet<string> = new Set(['UnauthorizedOperation', 'AccessDenied', 'AccessDeniedException'])
