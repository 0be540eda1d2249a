import type { WriteInfo } from './events.ts'

/** What the simulated cloud answers to one call. */
export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** Written as JSON; left out, the answer has no body. */
  readonly body?: unknown
  /** What the call wrote; for the log of writes, not sent. */
  readonly committed?: WriteInfo
}

export interface ErrorDetail {
  readonly code: string
  readonly message: string
}

/** A refusal in ARM's form. */
export class ArmError extends Error {
  override readonly name = 'ArmError'
  readonly status: number
  readonly code: string
  readonly details: readonly ErrorDetail[] | undefined
  readonly headers: Readonly<Record<string, string>>

  constructor(
    status: number,
    code: string,
    message: string,
    more: { readonly details?: readonly ErrorDetail[]; readonly headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(message)
    this.status = status
    this.code = code
    this.details = more.details
    this.headers = more.headers ?? {}
  }
}

/** The refusal as it goes over the wire. */
export function errorAnswer(error: ArmError): Answer {
  const { status, headers, code, message, details } = error
  return { status, headers, body: { error: { code, message, ...(details === undefined ? {} : { details }) } } }
}

/** ARM's own refusals carry this header, those of the resource's provider do not. */
const gateway = { 'x-ms-failure-cause': 'gateway' }

export function subscriptionNotFound(subscriptionId: string): ArmError {
  return new ArmError(404, 'SubscriptionNotFound', `The subscription '${subscriptionId}' could not be found.`, {
    headers: gateway,
  })
}

export function resourceGroupNotFound(name: string): ArmError {
  return new ArmError(404, 'ResourceGroupNotFound', `Resource group '${name}' could not be found.`, {
    headers: gateway,
  })
}

export function resourceNotFound(type: string, name: string, resourceGroup: string): ArmError {
  return new ArmError(
    404,
    'ResourceNotFound',
    `The Resource '${type}/${name}' under resource group '${resourceGroup}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`,
    { headers: gateway },
  )
}

/** How Microsoft.Network says that a child, such as a rule, does not exist. */
export function childNotFound(id: string): ArmError {
  return new ArmError(404, 'NotFound', `Resource ${id} not found.`, { details: [] })
}

/** The refusal of a write that names an older etag, as recorded from Azure. */
export function etagMismatch(id: string, given: string, current: string): ArmError {
  const message = `Etag provided in if-match header ${given} does not match etag ${current} of resource ${id} in NRP data store.`
  return new ArmError(412, 'PreconditionFailed', 'Precondition failed.', {
    details: [{ code: 'PreconditionFailedEtagMismatch', message }],
  })
}
