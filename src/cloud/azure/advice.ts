import type { CloudErrorKind } from '../error.ts'
import { missingActions } from './missing-actions.ts'

/** What happened and what to do about it, by the kind of a refusal. */
const byKind: Readonly<Record<CloudErrorKind, string>> = {
  THROTTLED: 'Azure takes no more calls for this subscription for now; the gateway waits as long as it asks.',
  CONFLICT: 'Somebody else wrote to it at the same moment; the gateway reads it anew and tries again.',
  FORBIDDEN: "The gateway's identity lacks a permission: assign it a role that has it at this scope.",
  NOT_FOUND: 'It is no longer there.',
  LOCKED: 'A resource lock forbids this write: remove the lock, or let it forbid deletion only.',
  QUOTA: 'It has reached a limit: remove rules from it, or wait until other grants have ended.',
  INVALID: 'Azure does not accept what the gateway wrote.',
  UNAVAILABLE: 'Azure could not answer; the gateway tries again.',
}

const notSeen =
  "The gateway's identity cannot see this subscription: check its id, and assign the identity a role in it."
const notRegistered =
  'The subscription does not know this kind of resource: register its provider, if it is to have any.'

/** The same by the cloud's code, where what helps differs from the rest of its kind. */
const byCode: Readonly<Record<string, string>> = {
  RequestDisallowedByPolicy:
    'An Azure Policy of your organisation forbids this write: exempt the resource, or ask whoever owns the policy.',
  ReadOnlyDisabledSubscription: 'The subscription is disabled and can only be read: have it enabled again.',
  SubscriptionNotFound: notSeen,
  InvalidSubscriptionId: notSeen,
  InvalidResourceType: notRegistered,
  InvalidResourceNamespace: notRegistered,
  MissingSubscriptionRegistration: notRegistered,
}

/** For the person who must act. `message` is the cloud's, which names a permission that is missing. */
export function adviceFor(kind: CloudErrorKind, code: string, message: string): string {
  const advice = byCode[code]
  if (advice !== undefined) return advice
  if (/Authentication(Failed|Token)/.test(code))
    return "Azure does not accept the gateway's token: check ARM_AUDIENCE, the tenant and this machine's clock."
  const missing = kind === 'FORBIDDEN' ? missingActions(message) : []
  return missing.length > 0 ? lackingAdvice(missing) : byKind[kind]
}

/** The same for permissions that are known to be missing. */
export function lackingAdvice(missing: readonly string[]): string {
  return missing.length === 1
    ? `The gateway's identity lacks a permission (${String(missing[0])}): assign it a role that has it at this scope.`
    : `The gateway's identity lacks permissions (${missing.join(', ')}): assign it a role that has them at this scope.`
}
