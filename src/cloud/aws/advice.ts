import type { CloudErrorKind } from '../error.ts'

/** What happened and what to do about it, by the kind of a refusal. */
const byKind: Readonly<Record<CloudErrorKind, string>> = {
  THROTTLED: 'AWS takes no more calls of this kind in this region for now; the gateway waits a moment.',
  CONFLICT: 'AWS does not show yet what was written last; the gateway reads it anew and tries again.',
  FORBIDDEN: "The gateway's role in this account lacks a permission: add it to the role's policy.",
  NOT_FOUND: 'It is no longer there.',
  LOCKED: 'Something stands in the way of this write: remove it, then try again.',
  QUOTA: 'A quota of AWS is reached: raise it in Service Quotas, or wait until other grants have ended.',
  INVALID: 'AWS does not accept what the gateway wrote.',
  UNAVAILABLE: 'AWS could not answer; the gateway tries again.',
}

const notSignedIn = "AWS does not know the gateway's credential: check it, and this machine's clock."

/** The same by the cloud's code, where what helps differs from the rest of its kind. */
const byCode: Readonly<Record<string, string>> = {
  RulesPerSecurityGroupLimitExceeded:
    'The security group of this interface has room for no more rules, which are one for each source and protocol: ask with fewer or wider sources, wait until other grants have ended, or raise the quota “Inbound or outbound rules per security group”.',
  SecurityGroupsPerInterfaceLimitExceeded:
    "The interface wears as many security groups as it may, and the gateway's needs a place: take one off, or raise the quota “Security groups per network interface”.",
  SecurityGroupLimitExceeded:
    'The region has as many security groups as it may, and each interface with a grant needs one: delete some, or raise the quota “VPC security groups per Region”.',
  OptInRequired: 'The region is not switched on for this account: name others in AWS_REGIONS, or switch it on.',
  AuthFailure: notSignedIn,
  InvalidClientTokenId: notSignedIn,
  SignatureDoesNotMatch: notSignedIn,
  UnrecognizedClientException: notSignedIn,
  OperationNotPermitted: 'The interface belongs to a service of AWS and is not the account’s to change.',
}

/** For the person who must act. `action` is the permission that the call needs, such as `ec2:DescribeInstances`. */
export function adviceFor(kind: CloudErrorKind, code: string, action: string): string {
  const advice = byCode[code]
  if (advice !== undefined) return advice
  return kind === 'FORBIDDEN' ? lackingAdvice([action]) : byKind[kind]
}

/** The same for permissions that are known to be missing. */
export function lackingAdvice(missing: readonly string[]): string {
  return missing.length === 1
    ? `The gateway's role in this account lacks a permission (${String(missing[0])}): add it to the role's policy.`
    : `The gateway's role in this account lacks permissions (${missing.join(', ')}): add them to the role's policy.`
}
