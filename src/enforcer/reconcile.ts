import { gatewayActor } from '../access/words.ts'
import { CloudError } from '../cloud/error.ts'
import type { Cloud, Observation } from '../cloud/port.ts'
import { applyChanges } from '../firewall/diff.ts'
import { isNothing } from '../firewall/parts.ts'
import type { Plan } from '../firewall/plan.ts'
import { planPass } from '../firewall/plan-pass.ts'
import { isOurs, type Rule } from '../firewall/rule.ts'
import type { GroupRule } from '../firewall/security-group/group-rule.ts'
import type { NewFact } from '../store/append-facts.ts'
import type { PassInput } from '../store/reconcile/begin.ts'
import type { Claim } from '../store/reconcile/claim.ts'
import { evidenceOf, type Evidence } from './evidence.ts'
import type { Clock } from '../time/clock.ts'
import type { LastSeen } from './last-seen.ts'
import { writeChanges, type Written } from './write.ts'

/**
 * Notes what a write is about to do, which rules of ours it leaves and which foreign ones it takes away, so that it can be
 * told from what others do and written again; fails when it cannot.
 */
export type Intend = (ours: readonly Rule[], taken: readonly GroupRule[]) => Promise<void>

/** What passes of one enforcer share. */
export interface ReconcileContext {
  readonly lastSeen: LastSeen
  readonly clock: Clock
  readonly intend: Intend
}

/** How often one pass starts over when somebody else wrote in between. */
const MOST_CONFLICTS = 3

/**
 * Makes a boundary show what `input` says and reads it back: plan, write, observe. What the boundary showed last is
 * planned upon without reading it again, as far as a write follows: the cloud refuses it when that is no longer so, and
 * then, as when nothing is to be written, it is read first. Fails with a `CloudError`.
 */
export async function reconcile(
  cloud: Cloud,
  claim: Claim,
  input: PassInput,
  { lastSeen, clock, intend }: ReconcileContext,
  signal: AbortSignal,
): Promise<Evidence> {
  const { boundaryId } = claim
  /** A boundary that is gone ends the pass, unless foreign rules that were taken for it are still to be written again. */
  const observe = async () => {
    try {
      return await cloud.observe(boundaryId, signal)
    } catch (error) {
      const gone = error instanceof CloudError && error.kind === 'NOT_FOUND'
      if (!gone || (input.taken ?? []).length === 0 || cloud.rest === undefined) throw error
      return cloud.rest(boundaryId)
    }
  }
  let remembered = lastSeen.take(boundaryId, input.etag)
  for (let conflicts = 0; ;) {
    const before = remembered ?? (await observe())
    const pass = planPass(input, before)
    const { plan } = pass
    if (isNothing(plan.changes)) {
      if (remembered !== null) {
        remembered = null
        continue
      }
      lastSeen.remember(before)
      return evidenceOf(pass, before, before, null)
    }
    await intend(applyChanges(before.rules, plan.changes).filter(isOurs), plan.changes.groups?.take ?? [])
    const begunAt = clock.now()
    let written: Written
    try {
      written = await writeChanges(cloud, before, plan.changes, signal)
    } catch (error) {
      const stale = error instanceof CloudError && error.kind === 'CONFLICT'
      if (!stale || (remembered === null && conflicts >= MOST_CONFLICTS)) throw error
      if (remembered === null) conflicts += 1
      remembered = null
      continue
    }
    const after = await observe()
    lastSeen.remember(after)
    const observed = evidenceOf(pass, before, after, written)
    const { remove, put } = plan.changes
    const said = remove.length + put.length === 0 ? [] : [writtenFact(claim, plan, after, written)]
    return { ...observed, facts: said, wroteMs: clock.now() - begunAt }
  }
}

/** What the log says of a write: rules by name, those the cloud would not take left out. */
function writtenFact(claim: Claim, { changes }: Plan, after: Observation, written: Written): NewFact {
  const standing = new Set(after.rules.map((rule) => rule.name))
  return {
    kind: 'BoundaryWritten',
    actor: gatewayActor,
    accountId: claim.accountId,
    boundaryId: claim.boundaryId,
    correlationId: written.correlationId,
    detail: {
      added: changes.put.map((rule) => rule.name).filter((name) => standing.has(name)),
      removed: changes.remove.filter((name) => !standing.has(name)),
    },
  }
}
