import type { Protocol } from '../access/words.ts'
import type { GroupChanges } from './security-group/changes.ts'

/** First and last port, both included. */
export interface PortRange {
  readonly first: number
  readonly last: number
}

/** A port of an address. */
export interface Endpoint {
  /** Without prefix length. */
  readonly address: string
  readonly port: number
}

/** One inbound rule of a boundary, in the gateway's own words. */
export interface Rule {
  readonly name: string
  readonly description: string
  /** Lower numbers are evaluated first; 0 where the cloud evaluates in no order. */
  readonly priority: number
  readonly access: 'ALLOW' | 'DENY'
  /** OTHER is a protocol that carries no port of ours (ICMP, ESP, AH). */
  readonly protocol: Protocol | 'OTHER'
  /** CIDRs in canonical form, `*`, or what the cloud alone can resolve (a service tag, a group's id). */
  readonly sources: readonly string[]
  readonly sourcePorts: readonly PortRange[]
  readonly destinations: readonly string[]
  readonly ports: readonly PortRange[]
  /** Where the rule sends on what it admits, instead of where that was going; left out where it goes on as it came. */
  readonly translatesTo?: Endpoint
}

/** What to do to a boundary: rules of ours to take away by name, and rules of ours to add or put in place. */
export interface RuleChanges {
  readonly remove: readonly string[]
  readonly put: readonly Rule[]
  /** What else is done where the boundary is of the kind SECURITY_GROUP; nothing when left out. */
  readonly groups?: GroupChanges
}

/** Rules whose name begins so are ours; no other rule is ever touched. */
export const OUR_PREFIX = 'JitGateway-'

/**
 * Whether a rule is ours, by its name alone: the cloud keeps the case but compares names without it. A slash, which no
 * rule's own name can hold, stands between the name of a foreign rule and that of the collection it is in.
 */
export function isOurs({ name }: { readonly name: string }): boolean {
  return name.toLowerCase().startsWith(OUR_PREFIX.toLowerCase()) && !name.includes('/')
}

/** Whether a rule is one of ours that lets somebody in. */
export function isOurAllow(rule: Rule): boolean {
  return rule.access === 'ALLOW' && isOurs(rule)
}
