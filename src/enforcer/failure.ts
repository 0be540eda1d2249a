import type { CloudError, CloudErrorKind } from '../cloud/error.ts'
import type { PassInput } from '../store/reconcile/begin.ts'
import type { Claim } from '../store/reconcile/claim.ts'
import type { PassFailure } from '../store/reconcile/finish.ts'
import { backoffMs } from '../time/backoff.ts'
import { faultOf } from './write.ts'

/** Refusals that trying again cannot help: a person must act first. A close is tried again nevertheless. */
const final: ReadonlySet<CloudErrorKind> = new Set(['FORBIDDEN', 'LOCKED', 'QUOTA', 'INVALID'])

/** How long to leave an account alone when the cloud throttles and does not say for how long, in milliseconds. */
const UNTOLD_THROTTLE_MS = 10_000

/** The wait between tries: a conflict is over in a moment, the rest may last. In milliseconds. */
const waits = { conflict: { firstMs: 100, mostMs: 5_000 }, other: { firstMs: 500, mostMs: 60_000 } }

/** What a cloud's refusal means for the boundary, its openings and its closes. Pure: `random` is in [0, 1). */
export function failureOf(error: CloudError, claim: Claim, input: PassInput, random: number): PassFailure {
  const fault = faultOf(error)
  const gone = error.kind === 'NOT_FOUND'
  const throttledMs = error.kind === 'THROTTLED' ? (error.retryAfterMs ?? UNTOLD_THROTTLE_MS) : null
  const wait = error.kind === 'CONFLICT' ? waits.conflict : waits.other
  const open = new Set(input.known.map((rule) => rule.grantId))
  const unopened = input.grants.filter((grant) => !open.has(grant.grantId))
  return {
    fault,
    correlationId: error.correlationId,
    missingPermissions: error.missingPermissions,
    throttledMs,
    gone,
    retryInMs: throttledMs ?? backoffMs(wait, claim.attempts + 1, random),
    refused: final.has(error.kind) || gone ? unopened.map(({ grantId }) => ({ grantId, fault })) : [],
    closing: input.ended.filter((grant) => grant.closing).map((grant) => grant.grantId),
  }
}
