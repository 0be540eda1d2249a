import { afterEach, beforeEach, expect, vi } from 'vitest'
import type { Viewer } from '../../../src/access/viewer.ts'
import { enableJit } from '../../../src/commands/enable-jit.ts'
import { registerAccount } from '../../../src/commands/register-account.ts'
import { syncAccount } from '../../../src/commands/sync-account.ts'
import { startInventorySync, type InventorySyncOptions } from '../../../src/inventory/inventory-sync.ts'
import { silentLog } from '../../../src/log/log.ts'
import { systemClock } from '../../../src/time/clock.ts'
import type { useDatabase } from '../../support/database.ts'
import { account, handCloud, vmId } from './hand-cloud.ts'

type Pages = Parameters<typeof handCloud>[0]

export const ada: Viewer = {
  actor: { kind: 'PERSON', id: 'ada', name: 'Ada' },
  groups: [],
  appRoles: [],
  rolesHeld: [{ role: 'POLICY_ADMIN', scope: '/' }],
  address: '203.0.113.7',
}
export const web = { name: 'web', subnetNsg: 'front', publicAddress: '198.51.100.9' }
export const db = { name: 'db', ownNsg: 'back', address: '10.0.0.5' }
export const groups = [{ name: 'front' }, { name: 'back' }]

export const within = { timeout: 5_000, interval: 10 }
/** Ten thousand machines take a while where others work as well. */
export const synced = { timeout: 25_000, interval: 10 }

/** Syncs over a database with one account that nothing is known of, anew for each test; all are stopped behind it. */
export function useSync(database: ReturnType<typeof useDatabase>) {
  const running: { stop(): Promise<void> }[] = []
  afterEach(async () => {
    await Promise.all(running.splice(0).map((sync) => sync.stop()))
  })
  beforeEach(async () => {
    await database.store.pool.query(`
    drop trigger if exists activities_never_truncated on activities;
    drop trigger if exists grants_never_truncated on grants;
    truncate accounts, boundaries, virtual_machines, inventory_items, activities cascade`)
    await registerAccount({ store: database.store, viewer: ada }, { subscriptionId: account })
  })

  const rows = async (text: string, ...values: unknown[]) =>
    (await database.store.pool.query<Record<string, any>>(text, values)).rows
  const accountRow = async () => (await rows('select * from accounts'))[0] ?? {}
  const start = (pages: Pages, more: Partial<InventorySyncOptions> = {}) => {
    const common = { store: database.store, url: database.url, clock: systemClock, log: silentLog }
    const sync = startInventorySync({ ...common, cloud: handCloud(pages), pollMs: 50, ...more })
    running.push(sync)
    return sync
  }
  /** Forgets that boundaries are due. */
  const settle = () => database.store.pool.query('update boundary_reconciles set next_run_at = null, pending_at = null')
  /** The boundaries that are due. */
  const due = async () => {
    const found = await rows('select boundary_id from boundary_reconciles where next_run_at is not null order by 1')
    return found.map(({ boundary_id: id }) => id as string)
  }
  /** Has the account synced once more, by a sync of its own that has ended when this resolves. */
  const syncOnce = async (pages: Pages) => {
    const { sync_generation: before } = await accountRow()
    await syncAccount({ store: database.store, viewer: ada }, { accountId: account })
    const sync = start(pages)
    await vi.waitFor(async () => {
      const { sync_generation: after, lease_owner: owner } = await accountRow()
      expect([Number(after) > Number(before), owner]).toEqual([true, null])
    }, synced)
    await sync.stop()
  }
  /** Protects a machine, and forgets that its boundaries are due. */
  const protect = async (name: string) => {
    const { results } = await enableJit({ store: database.store, viewer: ada }, { vmIds: [vmId(name)] })
    expect(results[0]?.userErrors).toEqual([])
    await settle()
  }
  return { rows, accountRow, start, settle, due, syncOnce, protect }
}
