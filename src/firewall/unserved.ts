import type { CloudFault } from '../access/facts.ts'
import type { LiveGrant } from './input.ts'
import { compareTexts, covers, readRules } from './match.ts'
import { flowsOf } from './opening.ts'
import type { Refusal } from './refusal.ts'
import { isOurAllow, type Rule } from './rule.ts'
import { giversOf } from './within.ts'

/** The live grants that go without because rules that would have served them were held back. */
export function unservedBy(
  held: readonly { readonly rule: Rule; readonly fault: CloudFault }[],
  grants: readonly LiveGrant[],
  after: readonly Rule[],
): Refusal[] {
  if (held.length === 0) return []
  const givers = giversOf(grants)
  const faults = new Map(held.map(({ rule, fault }) => [rule, fault]))
  const allows = readRules([...faults.keys()])
  const serving = new Map<LiveGrant, ReturnType<typeof readRules>>()
  for (const read of readRules(after.filter(isOurAllow)))
    for (const grant of givers(read.rule)) serving.set(grant, [...(serving.get(grant) ?? []), read])
  const refused = grants.flatMap((grant): Refusal[] => {
    const unserved = flowsOf(grant).filter((flow) => !serving.get(grant)?.some((read) => covers(read, flow)))
    const missing = allows.find((allow) => unserved.some((flow) => covers(allow, flow)))
    const fault = missing === undefined ? undefined : faults.get(missing.rule)
    return fault === undefined ? [] : [{ grantId: grant.grantId, fault }]
  })
  return refused.toSorted((left, right) => compareTexts(left.grantId, right.grantId))
}
