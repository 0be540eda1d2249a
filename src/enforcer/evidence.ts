import type { CloudFault } from '../access/facts.ts'
import type { EnforcementStatus } from '../access/words.ts'
import type { Observation } from '../cloud/port.ts'
import type { Plan } from '../firewall/plan.ts'
import type { PassPlan } from '../firewall/plan-pass.ts'
import type { Refusal } from '../firewall/refusal.ts'
import { isOurs } from '../firewall/rule.ts'
import { noGroupChanges } from '../firewall/security-group/changes.ts'
import { placeOf } from '../firewall/security-group/group-rule.ts'
import { groupsOf } from '../firewall/security-group/groups-shown.ts'
import { tallyOf, type Tally } from '../firewall/security-group/taking.ts'
import type { GrantEvidence } from '../firewall/verify.ts'
import { waysOf } from '../firewall/ways.ts'
import type { PassInput } from '../store/reconcile/begin.ts'
import type { Observed } from '../store/reconcile/record.ts'
import type { Written } from './write.ts'

/** What a pass saw, and whether it saw all that it wanted to. */
export interface Evidence extends Observed {
  /** Something that should be open is not, or something that should be closed is: the pass must come again soon. */
  readonly unproven: boolean
  /** How long the write took until it was read back, in milliseconds; null when nothing was written. */
  readonly wroteMs: number | null
}

/**
 * What follows from the last reading of a boundary. Everything here is read from `after`, as the cloud would evaluate
 * it; nothing is taken from what was planned or written, except why a rule is not there.
 */
export function evidenceOf(
  { facts: input, plan, drifts, closed, left }: PassPlan<PassInput>,
  before: Observation,
  after: Observation,
  written: Written | null,
): Evidence {
  const ways = waysOf(after.kind)
  const live = ways.verify(input, after)
  const remains = ways.remains(input, after)
  const takings = takingsIn(input, plan, after, written)
  const returning = new Set((plan.changes.groups?.giveBack ?? []).map(placeOf))
  const unreturned = (takings?.left ?? []).filter(({ rule }) => returning.has(placeOf(rule))).length
  const refused = [...plan.refused, ...refusedByCloud(plan, written), ...blocked(live)]
  const leaving = new Map(input.ended.map((grant) => [grant.grantId, grant.leaving ?? null]))
  const hopeless = new Set(refused.map(({ grantId }) => grantId))
  // A grant that was open and is refused now is not given up: it is owed its window.
  for (const { grantId } of input.known) hopeless.delete(grantId)
  // A rule that is left as somebody else made it is not asked for again.
  for (const name of left) for (const grantId of plan.owners.get(name) ?? []) hopeless.add(grantId)
  return {
    at: input.at,
    etag: after.etag,
    rules: after.rules,
    enforcements: [
      ...live.map(({ grantId, status, ruleName, endpoint = null }) => ({
        grantId,
        status,
        ruleName,
        ...(endpoint === null ? {} : { endpoint }),
      })),
      ...remains.map(({ grantId, status, ruleName }) => {
        const leftFor = leaving.get(grantId) ?? null
        return { grantId, status, ruleName, ...(leftFor === null ? {} : { leftFor }) }
      }),
    ] satisfies { status: EnforcementStatus }[],
    shadows: ways.shadows(input, after),
    drifted: [...new Set(ways.drift(input, before).map(({ grantId }) => grantId))],
    drift: { drifts, closed, left },
    refused,
    facts: [],
    takings,
    correlationId: written?.correlationId ?? null,
    wroteMs: null,
    unproven:
      live.some(({ grantId, status }) => status !== 'OPEN' && !hopeless.has(grantId)) ||
      remains.some(({ status }) => status === 'OPEN') ||
      unreturned > 0 ||
      (plan.changes.groups?.ours === 'DISSOLVE' && groupsOf(after).ours !== 'NONE'),
  }
}

/** What became of the foreign rules that are remembered or were to be taken away. */
function takingsIn(input: PassInput, plan: Plan, after: Observation, written: Written | null): Tally | null {
  const { groups = noGroupChanges } = plan.changes
  if ((input.taken ?? []).length + groups.take.length === 0) return null
  return tallyOf(input, groups, written?.left ?? [], groupsOf(after))
}

/** Grants whose rule the cloud would not take, each with the cloud's words. */
function refusedByCloud({ owners }: Plan, written: Written | null): Refusal[] {
  return [...(written?.refused ?? [])].flatMap(([name, fault]) =>
    (owners.get(name) ?? []).map((grantId) => ({ grantId, fault })),
  )
}

/** Grants that somebody else's rule keeps closed. One of ours in the way is our own mistake: the next pass mends it. */
function blocked(live: readonly GrantEvidence[]): Refusal[] {
  return live.flatMap(({ grantId, blockedBy, fault }) =>
    blockedBy === null || isOurs({ name: blockedBy }) ? [] : [{ grantId, fault: fault ?? blockedFault(blockedBy) }],
  )
}

const blockedFault = (ruleName: string): CloudFault => ({
  code: 'BLOCKED_BY_RULE',
  message: `The deny rule “${ruleName}” of this boundary stops the packets ahead of the gateway's allow, and is not the gateway's to change: give it a higher number, or ask with sources that it does not match.`,
})
