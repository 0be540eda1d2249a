import { randomUUID } from 'node:crypto'
import { gatewayActor } from '../access/words.ts'
import type { Cloud } from '../cloud/port.ts'
import type { Log } from '../log/log.ts'
import { endExpiredGrants } from '../store/end-grants.ts'
import { listen } from '../store/listen.ts'
import { claimBoundaries, untilNextDue, type Claim } from '../store/reconcile/claim.ts'
import { failOverdueOpenings } from '../store/reconcile/fail-openings.ts'
import { settleUnbound } from '../store/reconcile/settle.ts'
import type { Store } from '../store/store.ts'
import type { Clock } from '../time/clock.ts'
import { startDueLoop } from '../time/due-loop.ts'
import { createLastSeen } from './last-seen.ts'
import { runPass } from './run-pass.ts'

/** How an enforcer works. Every figure has a default that suits a cloud. */
export interface EnforcerOptions {
  readonly store: Store
  /** The database, for the connection that listens. */
  readonly url: string
  readonly cloud: Cloud
  readonly clock: Clock
  readonly log: Log
  /** How long a claim lasts unrenewed, and so what a dead enforcer costs its boundaries. */
  readonly leaseMs?: number
  /** How often to look when no hint came. */
  readonly pollMs?: number
  /** How often a boundary with policies is read although nothing is due, to find drift and exposure. */
  readonly resyncMs?: number
  /** Boundaries worked on at the same time. */
  readonly passes?: number
  /** Firewalls worked on besides: a write of one takes minutes, and would keep the others from closing in time. */
  readonly firewallPasses?: number
  /** How long a stop waits for passes in hand, in milliseconds; what they were about is found out by the next pass. */
  readonly stopWithinMs?: number
}

/** Grants ended by one statement; what is left over follows at once. */
const EXPIRY_BATCH = 1_000

/**
 * The worker that makes the facts true: ends what is over, and reconciles every boundary that is due. Any number of
 * them may run over one database.
 */
export function startEnforcer(options: EnforcerOptions): { stop(): Promise<void> } {
  const { store, url, cloud, clock, log, leaseMs = 5_000, pollMs = 1_000, resyncMs = 300_000 } = options
  const { passes = 16, firewallPasses = 64, stopWithinMs = 20_000 } = options
  const owner = randomUUID()
  const lastSeen = createLastSeen()
  const running = { firewalls: new Set<Promise<void>>(), others: new Set<Promise<void>>() }
  const stopping = new AbortController()

  /** Ends every grant whose time is up, in batches, before anything else is looked at. */
  const endExpired = async () => {
    let ended: string[]
    do {
      ended = await store.db.transaction((tx) => endExpiredGrants(tx, EXPIRY_BATCH, gatewayActor))
    } while (ended.length === EXPIRY_BATCH)
  }

  const begin = (claim: Claim) => {
    const among = claim.kind === 'AZURE_FIREWALL' ? running.firewalls : running.others
    const context = { store, cloud, clock, log, lastSeen, owner, leaseMs, resyncMs, stopping: stopping.signal }
    const pass = runPass(context, claim).finally(() => {
      among.delete(pass)
      loop.wake()
    })
    among.add(pass)
  }

  const turn = async (): Promise<number | null> => {
    await endExpired()
    // Passes first: a close must not wait for the settling of what is over anyway.
    const free = { firewalls: firewallPasses - running.firewalls.size, others: passes - running.others.size }
    if (free.firewalls + free.others > 0)
      for (const claim of await claimBoundaries(store, owner, leaseMs, free)) begin(claim)
    await failOverdueOpenings(store, EXPIRY_BATCH)
    await settleUnbound(store, EXPIRY_BATCH)
    const wait = await untilNextDue(store)
    // With every place taken the next turn comes when a pass ends: only the end of a grant is worth waking up for.
    const full = running.firewalls.size === firewallPasses || running.others.size === passes
    return full ? Math.max(wait ?? pollMs, FULL_WAIT_MS) : wait
  }
  const loop = startDueLoop({ turn, floorMs: pollMs, clock, log })
  const hints = listen(url, ['jit_due'], () => loop.wake(), log)
  return {
    async stop() {
      await hints.stop()
      await loop.stop()
      const cancel = clock.after(stopWithinMs, () => {
        stopping.abort(new Error('the enforcer stops'))
      })
      await Promise.all([...running.firewalls, ...running.others])
      cancel()
    },
  }
}

/** How soon an enforcer with its hands full looks for ended grants again, in milliseconds. */
const FULL_WAIT_MS = 50
