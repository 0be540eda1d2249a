import { CloudError } from '../cloud/error.ts'
import { lookFor } from '../firewall/look.ts'
import type { Cloud, InventoryPage } from '../cloud/port.ts'
import type { Log } from '../log/log.ts'
import { failSync, renewAccount, type AccountClaim } from '../store/inventory/claim-account.ts'
import { completeSync } from '../store/inventory/complete.ts'
import { clearStage, knowStage, readMoment, stagePage, type StagedItem } from '../store/inventory/stage.ts'
import type { Store } from '../store/store.ts'

/** What every sync of one process shares. Times are in milliseconds. */
export interface SyncContext {
  readonly store: Store
  readonly cloud: Cloud
  readonly log: Log
  readonly owner: string
  readonly leaseMs: number
  readonly resyncMs: number
  readonly signal: AbortSignal
  /** The wait before the next try of an account whose sync failed. */
  readonly retryInMs: (accountId: string) => number
}

/** How long to leave an account alone when the cloud throttles and does not say for how long, in milliseconds. */
const UNTOLD_THROTTLE_MS = 10_000

/**
 * Reads an account's inventory a page at a time, each kept in the database before the next is asked for, and makes it
 * the inventory once it is complete. Answers whether it did; a cloud's refusal is recorded, anything else is thrown.
 */
export async function syncAccount(context: SyncContext, claim: AccountClaim): Promise<boolean> {
  const { store, owner, log, resyncMs, signal } = context
  try {
    await clearStage(store, claim)
    if (!(await readPages(context, claim))) return false
    await knowStage(store)
    return await completeSync(store, owner, claim, { resyncMs, lookFor })
  } catch (error) {
    if (!(error instanceof CloudError) || signal.aborted) throw error
    log.warn({ accountId: claim.accountId, code: error.code, reason: error.message }, 'an inventory could not be read')
    const throttledMs = error.kind === 'THROTTLED' ? (error.retryAfterMs ?? UNTOLD_THROTTLE_MS) : null
    const retryInMs = throttledMs ?? context.retryInMs(claim.accountId)
    const { message, missingPermissions } = error
    await failSync(store, owner, claim, { message, missingPermissions, retryInMs, throttledMs })
    return false
  }
}

/** False when the claim went to somebody else meanwhile. */
async function readPages({ store, cloud, owner, leaseMs, signal }: SyncContext, claim: AccountClaim): Promise<boolean> {
  let at = await readMoment(store)
  for await (const page of cloud.inventory(claim.accountId, signal)) {
    await stagePage(store, claim, page.kind, at, itemsOf(page))
    if (!(await renewAccount(store, owner, claim, leaseMs))) return false
    at = await readMoment(store)
  }
  return true
}

/** What is kept of a page: of a boundary not the whole answer of the cloud, which only a write needs. */
function itemsOf(page: InventoryPage): readonly StagedItem[] {
  if (page.kind !== 'boundaries') return page.items
  return page.items.map(({ boundaryId: id, kind, name, resourceGroup, location, etag, rules, gate }) => ({
    id,
    kind,
    name,
    resourceGroup,
    location,
    etag,
    rules,
    ...(gate === undefined ? {} : { gate }),
  }))
}
