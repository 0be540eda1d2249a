import type { Cloud } from '../cloud/port.ts'
import { CloudError } from '../cloud/error.ts'
import type { Log } from '../log/log.ts'
import { renewClaim, type Claim } from '../store/reconcile/claim.ts'
import { beginPass, type PassInput } from '../store/reconcile/begin.ts'
import { failPass, finishPass } from '../store/reconcile/finish.ts'
import { recordObserved } from '../store/reconcile/record.ts'
import { intendRules } from '../store/reconcile/drifts.ts'
import { rememberRules } from '../store/reconcile/takings.ts'
import type { Store } from '../store/store.ts'
import { backoffMs } from '../time/backoff.ts'
import type { Clock } from '../time/clock.ts'
import type { LastSeen } from './last-seen.ts'
import { reconcile, type Intend } from './reconcile.ts'
import { failureOf } from './failure.ts'

/** What every pass of one enforcer shares. */
export interface PassContext {
  readonly store: Store
  readonly cloud: Cloud
  readonly clock: Clock
  readonly log: Log
  readonly lastSeen: LastSeen
  readonly owner: string
  readonly leaseMs: number
  readonly resyncMs: number
  /** Aborted when passes are to be left where they are. */
  readonly stopping: AbortSignal
}

/** A close that is not proven yet is tried for ever; this is how far apart the tries get, in milliseconds. */
export const retries = { firstMs: 500, mostMs: 60_000 }

/** One pass over a claimed boundary, from the reading of what must be so to the record of what is. Never throws. */
export async function runPass(context: PassContext, claim: Claim): Promise<void> {
  const { store, owner, log } = context
  const lost = new AbortController()
  const stopRenewing = keepClaim(context, claim, lost)
  try {
    const input = await beginPass(store, owner, claim)
    if (input === null) return
    await passOver(context, claim, input, AbortSignal.any([lost.signal, context.stopping]))
  } catch (error) {
    // The database refused or is away: the claim runs out by itself and the boundary is taken up again.
    log.error({ error, boundaryId: claim.boundaryId }, 'a pass could not be recorded')
  } finally {
    stopRenewing()
  }
}

async function passOver(context: PassContext, claim: Claim, input: PassInput, signal: AbortSignal): Promise<void> {
  const { store, cloud, owner, log, lastSeen, clock, resyncMs } = context
  const intend: Intend = async (ours, taken) => {
    const isHeld = await intendRules(store, owner, claim, ours)
    if (isHeld && (taken.length === 0 || (await rememberRules(store, owner, claim, taken)))) return
    throw new CloudError('UNAVAILABLE', 'ClaimLost', 'Another enforcer has taken over: nothing is written here.')
  }
  try {
    const observed = await reconcile(cloud, claim, input, { lastSeen, clock, intend }, signal)
    if (!(await recordObserved(store, owner, claim, observed))) return
    await finishPass(store, owner, claim, {
      liveIds: input.grants.map((grant) => grant.grantId),
      resyncMs: input.machines.length + input.grants.length > 0 ? resyncMs : null,
      wroteMs: observed.wroteMs,
      againInMs: observed.unproven ? backoffMs(retries, claim.attempts + 1, Math.random()) : null,
    })
  } catch (error) {
    if (!(error instanceof CloudError)) throw error
    if (signal.aborted) return
    log.warn(
      { boundaryId: claim.boundaryId, code: error.code, correlationId: error.correlationId, reason: error.message },
      'the cloud did not take the rules of a boundary',
    )
    await failPass(store, owner, claim, failureOf(error, claim, input, Math.random()))
  }
}

/** Renews the claim three times a lease; `lost` is aborted when it went to somebody else. */
function keepClaim(context: PassContext, claim: Claim, lost: AbortController): () => void {
  const { store, owner, clock, log, leaseMs } = context
  let stopped = false
  let cancel = () => {}
  const schedule = () => {
    cancel = clock.after(leaseMs / 3, () => {
      renewClaim(store, owner, claim, leaseMs).then(
        (held) => {
          if (!held) lost.abort(new Error('the claim was lost'))
          else if (!stopped) schedule()
        },
        (error: unknown) => {
          log.warn({ error, boundaryId: claim.boundaryId }, 'a claim could not be renewed')
          if (!stopped) schedule()
        },
      )
    })
  }
  schedule()
  return () => {
    stopped = true
    cancel()
  }
}
