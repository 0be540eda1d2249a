import type { CloudFault } from '../access/facts.ts'
import type { LiveGrant } from './input.ts'
import { covers, readRules, touches, type ReadRule } from './match.ts'
import { openingsOf, type Opening } from './opening.ts'
import type { Endpoint, Rule } from './rule.ts'

/** What the rules show for a live grant. */
export interface GrantEvidence {
  readonly grantId: string
  /** OPEN: its rule admits its packets. BLOCKED: another rule may take some of them before. ABSENT: it has no rule. */
  readonly status: 'OPEN' | 'BLOCKED' | 'ABSENT'
  /** Its rule, as the boundary names it: for IPv4 where it has two; null when ABSENT. */
  readonly ruleName: string | null
  /** The rule in its way; null unless BLOCKED. */
  readonly blockedBy: string | null
  /** What to tell of that; left out, or null, for a deny, of which there is one thing to tell. */
  readonly fault?: CloudFault | null
  /** Where the boundary lets the grant in; left out, or null, where that is the machine's own port. */
  readonly endpoint?: Endpoint | null
}

/** Looks for each live grant's rule as the cloud would. A grant with rules in both families is OPEN only by both. */
export function verifyGrants(
  input: { readonly grants: readonly LiveGrant[] },
  rules: readonly Rule[],
): GrantEvidence[] {
  const walk = readRules(rules)
  const byGrant = new Map<string, Finding[]>()
  for (const opening of openingsOf(input.grants)) {
    const found = findOpening(opening, walk)
    for (const { grantId } of opening.grants) {
      const findings = byGrant.get(grantId)
      if (findings === undefined) byGrant.set(grantId, [found])
      else findings.push(found)
    }
  }
  return input.grants.map(({ grantId }) => evidenceOf(grantId, byGrant.get(grantId) ?? []))
}

interface Finding {
  readonly family: 4 | 6
  readonly rule: Rule | null
  readonly blockedBy: Rule | null
}

function findOpening({ name, flow }: Opening, walk: readonly ReadRule[]): Finding {
  const family = flow.destinations[0]?.family ?? 4
  let blockedBy: Rule | null = null
  let passed = false
  for (const read of walk) {
    const { rule, ours } = read
    const isOwn = ours && rule.name.toLowerCase() === name.toLowerCase()
    if (isOwn && rule.access === 'ALLOW' && covers(read, flow)) return { family, rule, blockedBy }
    if (passed || blockedBy !== null || !touches(read, flow)) continue
    if (rule.access === 'DENY') blockedBy = rule
    else passed = covers(read, flow)
  }
  return { family, rule: null, blockedBy: null }
}

function evidenceOf(grantId: string, findings: readonly Finding[]): GrantEvidence {
  const first = findings.toSorted((left, right) => left.family - right.family)[0]?.rule
  if (first === undefined || first === null || findings.some(({ rule }) => rule === null))
    return { grantId, status: 'ABSENT', ruleName: null, blockedBy: null }
  const blockedBy = findings.find((finding) => finding.blockedBy !== null)?.blockedBy?.name ?? null
  return { grantId, status: blockedBy === null ? 'OPEN' : 'BLOCKED', ruleName: first.name, blockedBy }
}
