import { ArmError } from '../answer.ts'
import type { Call, Faults } from './faults.ts'

/** Throws what stands in the way of a call before its resource's provider sees it. `scopeId` is the path as called. */
export function refuseByFault(faults: Faults, call: Call, scopeId: string): void {
  const throttle = faults.take('throttle', call)
  if (throttle !== undefined) throw quotaExceeded(throttle.flavour, call.method, scopeId, throttle.retryAfterSeconds)
  const refusal = faults.take('refuse', call)
  if (refusal !== undefined)
    throw new ArmError(refusal.status, refusal.code, refusal.message, {
      headers: retryAfter(refusal.retryAfterSeconds),
    })
  const denial = faults.take('forbid', call)
  if (denial !== undefined) throw forbidden(denial.code, call.method, scopeId)
  const lock = call.method === 'GET' ? undefined : faults.take('lock', call)
  if (lock !== undefined)
    throw new ArmError(
      409,
      'ScopeLocked',
      `The scope '${scopeId}' cannot perform ${verbOf(call.method)} operation because following scope(s) are locked: '${lock.at ?? scopeId}'. Please remove the lock and try again.`,
    )
}

/** A 429 for a quota. ARM and Microsoft.Network name it differently. */
export function quotaExceeded(
  flavour: 'arm' | 'network',
  method: string,
  scopeId: string,
  retryAfterSeconds: number | null,
): ArmError {
  const headers = retryAfter(retryAfterSeconds)
  const wait = `${String(retryAfterSeconds ?? 60)} seconds`
  if (flavour === 'arm')
    return new ArmError(
      429,
      'SubscriptionRequestsThrottled',
      `Number of '${verbOf(method)}' requests for subscription '${scopeId.split('/')[2] ?? ''}' exceeded. Please try again after '${wait}' after additional tokens are available. Refer to https://aka.ms/arm-throttling for additional information.`,
      { headers },
    )
  const operation = `${method === 'GET' ? 'Get' : 'Put'}NetworkSecurityGroupOperation`
  return new ArmError(429, 'RetryableError', 'A retryable error occurred.', {
    headers,
    details: [
      {
        code: 'RetryableErrorDueToTooManyCalls',
        message: `Operation ${operation} exceeded the throttling limit of calls within last 5 minutes. The number of calls exceeds Microsoft.Network throttling limit. The call can be retried in ${wait}.`,
      },
    ],
  })
}

function forbidden(code: 'AuthorizationFailed' | 'RequestDisallowedByPolicy', method: string, scopeId: string) {
  const resource = scopeId.split('/').at(-1) ?? ''
  if (code === 'RequestDisallowedByPolicy')
    return new ArmError(
      403,
      code,
      `Resource '${resource}' was disallowed by policy. Policy identifiers: '[{"policyAssignment":{"name":"Network rules need a review"}}]'.`,
    )
  const [, type = 'Microsoft.Resources/subscriptions'] = /\/providers\/([^/]+\/[^/?]+)/i.exec(scopeId) ?? []
  return new ArmError(
    403,
    code,
    `The client 'simulated-gateway' with object id '00000000-0000-0000-0000-000000000001' does not have authorization to perform action '${type}/${verbOf(method)}' over scope '${scopeId}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
  )
}

function retryAfter(seconds: number | null): Record<string, string> {
  return seconds === null ? {} : { 'Retry-After': String(seconds) }
}

function verbOf(method: string): 'read' | 'write' | 'delete' {
  return method === 'GET' ? 'read' : method === 'DELETE' ? 'delete' : 'write'
}
