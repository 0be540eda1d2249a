import type { CloudFault } from '../../access/facts.ts'
import { driftOf, type Drift } from '../drift.ts'
import type { BoundaryFacts } from '../input.ts'
import { covers, readRules } from '../match.ts'
import { openingsOf } from '../opening.ts'
import { isOurAllow, isOurs, type Endpoint, type Rule } from '../rule.ts'
import type { Shown } from '../shown.ts'
import type { GrantEvidence } from '../verify.ts'
import { behind, endpointOf, takes } from './nat-rule.ts'

/** Looks for each live grant's NAT rule, and for a foreign one that may take its packets elsewhere. */
export function verifyFirewall({ grants }: BoundaryFacts, { rules }: Pick<Shown, 'rules'>): GrantEvidence[] {
  const own = new Map(rules.filter(isOurAllow).map((rule) => [rule.name.toLowerCase(), rule]))
  const found = new Map<string, GrantEvidence>()
  for (const { name, flow, grants: sharing } of openingsOf(grants)) {
    const rule = own.get(name.toLowerCase())
    const [read] = rule === undefined ? [] : readRules([behind(rule)])
    const endpoint = rule === undefined ? null : endpointOf(rule)
    if (rule === undefined || read === undefined || endpoint === null || !covers(read, flow)) continue
    const blocking = rules.find((other) => !isOurs(other) && other.priority <= rule.priority && takes(other, endpoint))
    const status = blocking === undefined ? 'OPEN' : 'BLOCKED'
    const blockedBy = blocking?.name ?? null
    for (const { grantId } of sharing)
      found.set(grantId, {
        grantId,
        status,
        ruleName: rule.name,
        blockedBy,
        endpoint,
        fault: faultOf(blocking, endpoint),
      })
  }
  const absent = { status: 'ABSENT', ruleName: null, blockedBy: null, endpoint: null } as const
  return grants.map(({ grantId }) => found.get(grantId) ?? { grantId, ...absent })
}

/** Rules of ours that somebody else took away, made to match other packets, or moved to another endpoint. */
export function driftOfFirewall(facts: BoundaryFacts, { rules }: Pick<Shown, 'rules'>): Drift[] {
  const drifts = driftOf(facts.known, facts, rules.map(behind))
  const drifted = new Set(drifts.map(({ grantId }) => grantId))
  const given = new Map(facts.grants.map(({ grantId, endpoint }) => [grantId, endpoint ?? null]))
  const byName = new Map(rules.map((rule) => [rule.name.toLowerCase(), rule]))
  const moved = facts.known.flatMap(({ grantId, ruleName }): Drift[] => {
    const [was, rule] = [given.get(grantId) ?? null, byName.get(ruleName.toLowerCase())]
    if (was === null || rule === undefined || drifted.has(grantId)) return []
    const now = endpointOf(rule)
    return now?.address === was.address && now.port === was.port ? [] : [{ grantId, ruleName, change: 'EDITED' }]
  })
  return [...drifts, ...moved]
}

function faultOf(blocking: Rule | undefined, { address, port }: Endpoint): CloudFault | null {
  if (blocking === undefined) return null
  return {
    code: 'BLOCKED_BY_RULE',
    message: `The NAT rule “${blocking.name}” of this firewall may take what comes to ${address}:${String(port)} ahead of the gateway's, and is not the gateway's to change: narrow it, then ask again.`,
  }
}
