import { follow, overridesOf, type Override } from './overrides.ts'
import type { PolicyTerms } from './policy.ts'
import { same } from './same.ts'
import { termsFor, type PolicyTemplate } from './template.ts'
import type { OperatingSystem, UnsupportedReason } from './words.ts'

/** The template that a policy follows, and how far. */
export interface Followed {
  readonly template: Pick<PolicyTemplate, 'id' | 'name' | 'terms' | 'whenLeft'>
  readonly overrides: readonly Override[]
}

/** A policy in force, and what it follows; null when it stands for itself. */
export interface FollowingPolicy extends PolicyTerms {
  readonly follows: Followed | null
}

/** A machine, with what its policy has to do with templates. */
export interface Follower {
  readonly os: OperatingSystem | null
  readonly unsupportedReason: UnsupportedReason | null
  /** Somebody disabled JIT there while a template covered it: that stands until JIT is enabled again. */
  readonly leftOut: boolean
  /** Null when none is in force. */
  readonly policy: FollowingPolicy | null
}

/** What is to be done at a machine for the template that covers it, or for there being none any more. */
export const followingKinds = [
  'CREATE',
  'CHANGE',
  'ADOPT',
  'RELEASE',
  'DISABLE',
  'NOTHING',
  'LEFT_OUT',
  'UNSUPPORTED',
  'SYSTEM_UNKNOWN',
] as const
export type FollowingKind = (typeof followingKinds)[number]

/** The same with what is to be written. */
export type Following =
  | { readonly kind: 'CREATE'; readonly terms: PolicyTerms }
  | { readonly kind: 'CHANGE' | 'ADOPT'; readonly terms: PolicyTerms; readonly overrides: readonly Override[] }
  | { readonly kind: Exclude<FollowingKind, 'CREATE' | 'CHANGE' | 'ADOPT'> }

/**
 * What is to be done at a machine that `template` covers; null when none does. A policy that was there before keeps all
 * that it says, as overrides.
 */
export function followingOf(
  { os, unsupportedReason, leftOut, policy }: Follower,
  template: PolicyTemplate | null,
): Following {
  if (policy === null) {
    if (template === null) return { kind: 'NOTHING' }
    if (leftOut) return { kind: 'LEFT_OUT' }
    if (unsupportedReason !== null) return { kind: 'UNSUPPORTED' }
    const terms = termsFor(template.terms, os)
    return terms === null ? { kind: 'SYSTEM_UNKNOWN' } : { kind: 'CREATE', terms }
  }
  const { follows } = policy
  if (template === null) {
    if (follows === null) return { kind: 'NOTHING' }
    return { kind: follows.template.whenLeft === 'DISABLE_JIT' ? 'DISABLE' : 'RELEASE' }
  }
  const ofTemplate = wanted(policy, template, os)
  const terms = follows === null ? policy : follow(policy, follows.overrides, ofTemplate)
  const overrides = overridesOf(terms, ofTemplate)
  if (overridesOf(policy, terms).length > 0) return { kind: 'CHANGE', terms, overrides }
  return follows?.template.id === template.id && same(follows.overrides, overrides)
    ? { kind: 'NOTHING' }
    : { kind: 'ADOPT', terms, overrides }
}

/** What a policy says once it has followed its template as it is now; of one that follows none, what it says. */
export function broughtUp(policy: FollowingPolicy, os: OperatingSystem | null): PolicyTerms {
  const { follows } = policy
  return follows === null ? policy : follow(policy, follows.overrides, wanted(policy, follows.template, os))
}

/** What a policy says other than the template that it follows. */
export function overridden(terms: PolicyTerms, follows: Followed | null, os: OperatingSystem | null) {
  return follows === null ? [] : overridesOf(terms, wanted(terms, follows.template, os))
}

/** Where the default ports are asked for and are not known, the ports that the policy has. */
function wanted(policy: PolicyTerms, { terms }: Pick<PolicyTemplate, 'terms'>, os: OperatingSystem | null) {
  return termsFor(terms, os) ?? { ...terms, ports: policy.ports }
}
