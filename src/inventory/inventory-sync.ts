import { randomUUID } from 'node:crypto'
import type { Cloud } from '../cloud/port.ts'
import type { Log } from '../log/log.ts'
import { claimAccounts, untilNextSync, type AccountClaim } from '../store/inventory/claim-account.ts'
import { listen } from '../store/listen.ts'
import type { Store } from '../store/store.ts'
import { backoffMs, type Backoff } from '../time/backoff.ts'
import type { Clock } from '../time/clock.ts'
import { startDueLoop } from '../time/due-loop.ts'
import { syncAccount } from './sync-account.ts'

/** How inventory is synced. Times are in milliseconds and have defaults that suit a cloud. */
export interface InventorySyncOptions {
  readonly store: Store
  /** The database, for the connection that listens. */
  readonly url: string
  readonly cloud: Cloud
  readonly clock: Clock
  readonly log: Log
  /** How often an account is synced when nobody asks. */
  readonly resyncMs?: number
  /** How long a claim lasts unrenewed; it is renewed with every page. */
  readonly leaseMs?: number
  /** How often to look when no hint came. */
  readonly pollMs?: number
  /** Accounts synced at the same time. */
  readonly syncs?: number
}

const RETRY: Backoff = { firstMs: 5_000, mostMs: 300_000 }

/** Keeps the inventory of every registered account current. Any number of them may run over one database. */
export function startInventorySync(options: InventorySyncOptions): { stop(): Promise<void> } {
  const { store, url, cloud, clock, log } = options
  const { resyncMs = 300_000, leaseMs = 60_000, pollMs = 2_000, syncs = 2 } = options
  const owner = randomUUID()
  const stopping = new AbortController()
  const running = new Set<Promise<void>>()
  const failures = new Map<string, number>()
  const retryInMs = (accountId: string) => {
    const count = (failures.get(accountId) ?? 0) + 1
    failures.set(accountId, count)
    return backoffMs(RETRY, count, Math.random())
  }
  const context = { store, cloud, log, owner, leaseMs, resyncMs, signal: stopping.signal, retryInMs }

  const sync = async (claim: AccountClaim) => {
    try {
      if (await syncAccount(context, claim)) failures.delete(claim.accountId)
    } catch (error) {
      // The database refused or is away, or we are stopping: the claim runs out by itself and the sync is taken up again.
      if (!stopping.signal.aborted) log.error({ error, accountId: claim.accountId }, 'an inventory sync was cut off')
    }
  }
  const turn = async (): Promise<number | null> => {
    const free = syncs - running.size
    if (free > 0)
      for (const claim of await claimAccounts(store, owner, { leaseMs, resyncMs }, free)) {
        const one = sync(claim).finally(() => {
          running.delete(one)
          loop.wake()
        })
        running.add(one)
      }
    return running.size === syncs ? null : untilNextSync(store)
  }
  const loop = startDueLoop({ turn, floorMs: pollMs, clock, log })
  const hints = listen(url, ['jit_due'], () => loop.wake(), log)
  return {
    async stop() {
      stopping.abort()
      await hints.stop()
      await loop.stop()
      await Promise.all(running)
    },
  }
}
