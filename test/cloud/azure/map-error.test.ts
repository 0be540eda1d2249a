import { describe, expect, it } from 'vitest'
import type { ArmAnswer } from '../../../src/cloud/azure/answer.ts'
import { failureOf, refusalIn } from '../../../src/cloud/azure/map-error.ts'
import type { CloudErrorKind } from '../../../src/cloud/error.ts'

const now = Date.parse('2026-01-05T08:00:00Z')

function answer(status: number, code: string | null, details: readonly string[] = [], headers = {}): ArmAnswer {
  const error = { code, message: `words of ${String(code)}`, details: details.map((each) => ({ code: each })) }
  return { status, headers, body: code === null ? undefined : { error } }
}

const operation = (status: string, code: string, details: readonly object[] = []) => ({
  status,
  error: { code, message: 'Operation was canceled.', details },
})

describe('a refusal', () => {
  it.each<[number, string | null, readonly string[], CloudErrorKind]>([
    [429, 'SubscriptionRequestsThrottled', [], 'THROTTLED'],
    [429, 'TooManyRequests', [], 'THROTTLED'],
    [429, null, [], 'THROTTLED'],
    [429, 'RetryableError', ['RetryableErrorDueToTooManyCalls'], 'THROTTLED'],
    [429, 'RetryableError', ['RetryableErrorDueToAnotherOperation'], 'CONFLICT'],
    [429, 'RetryableError', ['ReferencedResourceNotProvisioned'], 'CONFLICT'],
    [429, 'RetryableErrorDueToAnotherOperation', [], 'CONFLICT'],
    [409, 'AnotherOperationInProgress', [], 'CONFLICT'],
    [412, 'PreconditionFailed', ['PreconditionFailedEtagMismatch'], 'CONFLICT'],
    [409, 'SomethingElse', [], 'CONFLICT'],
    [409, 'ScopeLocked', [], 'LOCKED'],
    [409, 'ReadOnlyDisabledSubscription', [], 'LOCKED'],
    [401, 'InvalidAuthenticationToken', [], 'FORBIDDEN'],
    [403, 'AuthorizationFailed', [], 'FORBIDDEN'],
    [403, 'LinkedAuthorizationFailed', [], 'FORBIDDEN'],
    [403, 'RequestDisallowedByPolicy', [], 'FORBIDDEN'],
    [404, 'SubscriptionNotFound', [], 'FORBIDDEN'],
    [404, 'ResourceNotFound', [], 'NOT_FOUND'],
    [404, 'ResourceGroupNotFound', [], 'NOT_FOUND'],
    [404, 'NotFound', [], 'NOT_FOUND'],
    [400, 'SecurityRuleCountLimitReached', [], 'QUOTA'],
    [400, 'SecurityRuleAddressesOrPortsPerSecurityGroupLimitReached', [], 'QUOTA'],
    [400, 'SecurityRuleConflict', [], 'INVALID'],
    [400, 'ResourceCannotContainAddressPrefixesFromDifferentAddressFamilies', [], 'INVALID'],
    [409, 'MissingSubscriptionRegistration', [], 'INVALID'],
    [405, null, [], 'INVALID'],
    [408, null, [], 'UNAVAILABLE'],
    [500, 'InternalServerError', [], 'UNAVAILABLE'],
    [502, null, [], 'UNAVAILABLE'],
    [503, 'ServerBusy', [], 'UNAVAILABLE'],
    [302, null, [], 'UNAVAILABLE'],
  ])('with status %i, code %s and details %j is of the kind %s and keeps the code', (status, code, details, kind) => {
    const refusal = refusalIn(answer(status, code, details), now)
    expect([refusal.kind, refusal.code]).toEqual([kind, code ?? `Http${String(status)}`])
  })

  it.each([
    ['in nobody’s words', 404, null],
    ['of a subscription that cannot be seen', 404, 'SubscriptionNotFound'],
    ['of a type that is not known', 404, 'InvalidResourceNamespace'],
    ['of an operation', 404, 'OperationNotFound'],
  ])('with 404 %s does not say that a boundary is gone', (_, status, code) => {
    expect(refusalIn(answer(status, code), now).kind).not.toBe('NOT_FOUND')
  })

  it.each<[string | undefined, number | null]>([
    ['17', 17_000],
    ['0', 0],
    ['Mon, 05 Jan 2026 08:00:30 GMT', 30_000],
    ['Mon, 05 Jan 2026 07:00:00 GMT', 0],
    ['soon', null],
    [undefined, null],
  ])('that asks to wait %j is waited for %j ms', (header, ms) => {
    const headers = header === undefined ? {} : { 'retry-after': header }
    expect(refusalIn(answer(503, 'ServerBusy', [], headers), now).retryAfterMs).toBe(ms)
  })

  it('carries the id by which the activity log knows the call', () => {
    const headers = { 'x-ms-correlation-request-id': 'correlation', 'x-ms-request-id': 'request' }
    expect(refusalIn(answer(409, 'ScopeLocked', [], headers), now).correlationId).toBe('correlation')
    expect(refusalIn(answer(409, 'ScopeLocked'), now).correlationId).toBeNull()
  })

  it.each([
    [403, 'RequestDisallowedByPolicy', 'An Azure Policy of your organisation forbids this write'],
    [409, 'ScopeLocked', 'remove the lock'],
    [409, 'ReadOnlyDisabledSubscription', 'The subscription is disabled'],
    [404, 'SubscriptionNotFound', 'cannot see this subscription'],
    [401, 'InvalidAuthenticationToken', 'check ARM_AUDIENCE'],
    [400, 'SecurityRuleCountLimitReached', 'has reached a limit'],
    [409, 'MissingSubscriptionRegistration', 'register its provider'],
  ])('with status %i and code %s says what to do, and then the words of Azure', (status, code, words) => {
    const { message } = refusalIn(answer(status, code), now)
    expect(message).toContain(words)
    expect(message).toMatch(new RegExp(`Azure says: words of ${code}$`))
  })

  it('for want of a permission names it', () => {
    const message = "The client 'x' does not have authorization to perform action 'Microsoft.Network/a/write' over y."
    const body = { error: { code: 'AuthorizationFailed', message } }
    expect(refusalIn({ status: 403, headers: {}, body }, now).message).toMatch(
      /^The gateway's identity lacks a permission \(Microsoft\.Network\/a\/write\): assign it a role/,
    )
  })

  it('says what only its details say', () => {
    const details = [{ code: 'InvalidJson', message: 'Could not find member x.' }]
    const body = { error: { code: 'InvalidRequestFormat', message: 'Cannot parse the request.', details } }
    expect(refusalIn({ status: 400, headers: {}, body }, now).message).toContain(
      'Azure says: Cannot parse the request. Could not find member x.',
    )
  })

  it('whose body is no error of ARM is known by its status', () => {
    const refusal = refusalIn({ status: 502, headers: {}, body: '<html>Bad gateway</html>' }, now)
    expect([refusal.kind, refusal.code]).toEqual(['UNAVAILABLE', 'Http502'])
  })
})

describe('an operation that ended badly', () => {
  const superseded = { code: 'CanceledAndSupersededDueToAnotherOperation', message: 'superseded by operation (b).' }

  it.each<[string, object, CloudErrorKind, string]>([
    ['superseded', operation('Canceled', 'Canceled', [superseded]), 'CONFLICT', 'Canceled'],
    ['superseded, said otherwise', operation('Failed', 'SomeError', [superseded]), 'CONFLICT', 'SomeError'],
    ['canceled by whomever', operation('Canceled', 'Canceled'), 'CONFLICT', 'Canceled'],
    ['failed for a rule', operation('Failed', 'SecurityRuleConflict'), 'INVALID', 'SecurityRuleConflict'],
    [
      'failed for a limit',
      operation('Failed', 'SecurityRuleCountLimitReached'),
      'QUOTA',
      'SecurityRuleCountLimitReached',
    ],
    ['failed within Azure', operation('Failed', 'InternalServerError'), 'UNAVAILABLE', 'InternalServerError'],
    ['failed without a word', { status: 'Failed' }, 'INVALID', 'Unknown'],
  ])('%s keeps its code', (_, body, kind, code) => {
    const failure = failureOf(body, 'correlation')
    expect([failure.kind, failure.code, failure.correlationId]).toEqual([kind, code, 'correlation'])
  })

  it('says by whom it was superseded', () => {
    expect(failureOf(operation('Canceled', 'Canceled', [superseded]), null).message).toContain('by operation (b).')
  })
})

describe('permissions that are missing', () => {
  const client = "The client 'x@y' with object id '1'"
  const refused = (message: string, status = 403, code = 'AuthorizationFailed') =>
    refusalIn({ status, headers: {}, body: { error: { code, message } } }, now)

  it.each([
    [
      `${client} does not have authorization to perform action 'Microsoft.Network/networkSecurityGroups/write' over scope '/subscriptions/1' or the scope is invalid.`,
      ['Microsoft.Network/networkSecurityGroups/write'],
    ],
    [
      `${client} has permission to perform action 'Microsoft.Network/azureFirewalls/write' on scope '/a'; however, it does not have permission to perform action(s) 'Microsoft.Network/virtualNetworks/subnets/join/action,Microsoft.Network/publicIPAddresses/join/action' on the linked scope(s) '/b,/c' (respectively) or the linked scope(s) are invalid.`,
      ['Microsoft.Network/virtualNetworks/subnets/join/action', 'Microsoft.Network/publicIPAddresses/join/action'],
    ],
    ['Access is denied.', []],
  ])('are read from the words of the refusal: %s', (message, missing) => {
    const { missingPermissions, message: words } = refused(message)
    expect(missingPermissions).toEqual(missing)
    for (const action of missing) expect(words.slice(0, words.indexOf('Azure says'))).toContain(action)
  })

  it('are those of a refusal for want of a permission only', () => {
    const message = `${client} does not have authorization to perform action 'a/b/read' over scope '/'`
    expect(refused(message, 429, 'TooManyRequests').missingPermissions).toEqual([])
    expect(refused(message).missingPermissions).toEqual(['a/b/read'])
    const failed = failureOf({ status: 'Failed', error: { code: 'LinkedAuthorizationFailed', message } }, null)
    expect(failed.missingPermissions).toEqual(['a/b/read'])
  })
})
