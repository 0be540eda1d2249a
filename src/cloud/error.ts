/** What kind of refusal a cloud gave, and so what may be done about it. */
export type CloudErrorKind =
  /** Too many calls: wait `retryAfterMs`, for the whole account. */
  | 'THROTTLED'
  /** The boundary changed, or another write is in progress or superseded ours: observe again. */
  | 'CONFLICT'
  /** The gateway's identity lacks a permission, or the cloud's own policy forbids the write. */
  | 'FORBIDDEN'
  /** The resource is gone. */
  | 'NOT_FOUND'
  /** A resource lock stands in the way. */
  | 'LOCKED'
  /** A rule or address quota is reached. */
  | 'QUOTA'
  /** The cloud found the rules invalid. */
  | 'INVALID'
  /** No answer, or one that says nothing: the write may or may not have happened. */
  | 'UNAVAILABLE'

/** A cloud's refusal. `message` is written for the person who must act on it. */
export class CloudError extends Error {
  override readonly name = 'CloudError'
  readonly kind: CloudErrorKind
  /** The cloud's own code, for whoever searches its documentation. */
  readonly code: string
  /** How long the cloud asks us to wait, in milliseconds; null when it did not say. */
  readonly retryAfterMs: number | null
  readonly correlationId: string | null
  /** Permissions that the cloud said were missing, by its own names for them; empty when it named none. */
  readonly missingPermissions: readonly string[]

  constructor(
    kind: CloudErrorKind,
    code: string,
    message: string,
    more: {
      readonly retryAfterMs?: number | null
      readonly correlationId?: string | null
      readonly missingPermissions?: readonly string[]
      readonly cause?: unknown
    } = {},
  ) {
    super(message, { cause: more.cause })
    this.kind = kind
    this.code = code
    this.retryAfterMs = more.retryAfterMs ?? null
    this.correlationId = more.correlationId ?? null
    this.missingPermissions = more.missingPermissions ?? []
  }
}
