import { gatewayActor } from '../access/words.ts'
import { CloudError } from '../cloud/error.ts'
import type { Cloud, Observation } from '../cloud/port.ts'
import { lettingGo } from '../firewall/letting-go.ts'
import { planBoundary, type Plan } from '../firewall/plan.ts'
import type { NewFact } from '../store/append-facts.ts'
import type { PassInput } from '../store/reconcile/begin.ts'
import type { Claim } from '../store/reconcile/claim.ts'
import { evidenceOf, type Evidence } from './evidence.ts'
import type { Clock } from '../time/clock.ts'
import type { LastSeen } from './last-seen.ts'
import { writeChanges, type Written } from './write.ts'

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
  lastSeen: LastSeen,
  clock: Clock,
  signal: AbortSignal,
): Promise<Evidence> {
  const { boundaryId } = claim
  let remembered = lastSeen.take(boundaryId, input.etag)
  for (let conflicts = 0; ;) {
    const before = remembered ?? (await cloud.observe(boundaryId, signal))
    const first = planBoundary(input, before)
    const facts = isEmpty(first) ? input : lettingGo(input)
    const plan = facts === input ? first : planBoundary(facts, before)
    if (isEmpty(plan)) {
      if (remembered !== null) {
        remembered = null
        continue
      }
      lastSeen.remember(before)
      return evidenceOf(facts, plan, before, before, null)
    }
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
    const after = await cloud.observe(boundaryId, signal)
    lastSeen.remember(after)
    const observed = evidenceOf(facts, plan, before, after, written)
    return { ...observed, facts: [writtenFact(claim, plan, after, written)], wroteMs: clock.now() - begunAt }
  }
}

const isEmpty = ({ changes }: Plan) => changes.remove.length === 0 && changes.put.length === 0

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
