import { randomUUID } from 'node:crypto'
import { describe, expect, it, vi } from 'vitest'
import { CloudError, type CloudErrorKind } from '../../src/cloud/error.ts'
import { registerAccount } from '../../src/commands/register-account.ts'
import { syncAccount } from '../../src/commands/sync-account.ts'
import { claimAccounts, failSync, untilNextSync } from '../../src/store/inventory/claim-account.ts'
import { lookFor } from '../../src/firewall/look.ts'
import { completeSync } from '../../src/store/inventory/complete.ts'
import { useDatabase } from '../support/database.ts'
import { account, nicId, pagesOf } from './support/hand-cloud.ts'
import { ada, db, groups, useSync, web, within } from './support/sync-rig.ts'

const database = useDatabase()
const { rows, accountRow, start, syncOnce } = useSync(database)

describe('a sync that fails', () => {
  it('misses nothing: what was not read yet is not gone', async () => {
    await syncOnce(() => pagesOf([web, db], groups))
    await syncOnce(async function* () {
      yield* pagesOf([db], []).slice(0, 3)
      throw new CloudError(
        'FORBIDDEN',
        'AuthorizationFailed',
        'The permission Microsoft.Compute/virtualMachines/read is missing.',
      )
    })
    expect(await rows('select count(*)::int from virtual_machines where gone_at is null')).toEqual([{ count: 2 }])
    expect(await rows('select count(*)::int from virtual_machine_interfaces')).toEqual([{ count: 2 }])
    expect(await accountRow()).toMatchObject({
      status: 'FAILING',
      last_sync_error: 'The permission Microsoft.Compute/virtualMachines/read is missing.',
      throttled_until: null,
    })
    await syncOnce(() => pagesOf([web, db], groups))
    expect(await accountRow()).toMatchObject({ status: 'CONNECTED', last_sync_error: null })
  })

  it('keeps the permissions that were missing until one succeeds', async () => {
    const missing = async () => (await rows('select missing_permissions from accounts'))[0]?.['missing_permissions']
    const failing = (kind: CloudErrorKind, missingPermissions: readonly string[]) =>
      syncOnce(async function* () {
        yield { kind: 'subnets', items: [] }
        throw new CloudError(kind, 'Some', 'Something.', { missingPermissions })
      })
    await failing('FORBIDDEN', ['Microsoft.Compute/virtualMachines/read', 'Microsoft.Network/publicIPAddresses/read'])
    expect(await missing()).toEqual([
      'Microsoft.Compute/virtualMachines/read',
      'Microsoft.Network/publicIPAddresses/read',
    ])
    await failing('UNAVAILABLE', [])
    expect(await missing()).toHaveLength(2)
    await failing('FORBIDDEN', ['Microsoft.Compute/virtualMachines/read'])
    expect(await missing()).toEqual(['Microsoft.Compute/virtualMachines/read'])
    await syncOnce(() => pagesOf([web], groups))
    expect(await missing()).toEqual([])
  })

  it('leaves the account alone as long as a throttling cloud asks', async () => {
    await syncOnce(async function* () {
      yield { kind: 'subnets', items: [] }
      throw new CloudError('THROTTLED', 'SubscriptionRequestsThrottled', 'Too many calls.', { retryAfterMs: 60_000 })
    })
    const { throttled_until: until, next_sync_at: next } = await accountRow()
    expect(until.getTime() - Date.now()).toBeGreaterThan(50_000)
    expect(next.getTime()).toBeGreaterThanOrEqual(until.getTime() - 1_000)
  })

  it('is taken up by another when whoever ran it died, once its lease is over', async () => {
    await database.store.pool.query(
      `update accounts set lease_owner = $1, lease_until = gateway_now() + interval '1 minute', next_sync_at = gateway_now()`,
      [randomUUID()],
    )
    const other = '22222222-2222-4222-8222-222222222222'
    await registerAccount({ store: database.store, viewer: ada }, { subscriptionId: other })
    const statuses = () => rows('select status from accounts order by id')
    start(() => [])
    await vi.waitFor(
      async () => expect(await statuses()).toEqual([{ status: 'REGISTERED' }, { status: 'CONNECTED' }]),
      within,
    )
    await database.advance(61_000)
    await vi.waitFor(async () => expect((await statuses())[0]).toEqual({ status: 'CONNECTED' }), within)
  })
})

describe('a sync that is asked for while one runs', () => {
  const claimOne = async (owner: string, resyncMs: number) => {
    const [claim] = await claimAccounts(database.store, owner, { leaseMs: 60_000, resyncMs }, 1)
    if (claim === undefined) throw new Error('no account is due')
    return claim
  }
  const until = (holds: () => Promise<boolean>) => vi.waitFor(async () => expect(await holds()).toBe(true), within)

  it('follows the one that runs at once', async () => {
    let reads = 0
    start(async function* () {
      reads += 1
      yield { kind: 'subnets', items: [] }
      if (reads > 1) return
      expect((await syncAccount({ store: database.store, viewer: ada }, { accountId: account })).userErrors).toEqual([])
    })
    await until(async () => reads === 2)
    await until(async () => (await accountRow()).lease_owner === null)
    // That one was asked for by nobody since: the next comes at its regular time.
    expect((await accountRow()).next_sync_at.getTime() - Date.now()).toBeGreaterThan(200_000)
  })

  it('is not put off when the one that runs fails', async () => {
    const [owner, { store }] = [randomUUID(), database]
    const claim = await claimOne(owner, 300_000)
    await syncAccount({ store, viewer: ada }, { accountId: account })
    const failure = {
      message: 'A permission is missing.',
      missingPermissions: [],
      retryInMs: 60_000,
      throttledMs: null,
    }
    await failSync(store, owner, claim, failure)
    expect(await untilNextSync(store)).toBe(0)
  })

  it('is not lost when the one that runs takes longer than the time between two', async () => {
    const [owner, { store }] = [randomUUID(), database]
    const claim = await claimOne(owner, 1_000)
    await database.advance(5_000)
    await syncAccount({ store, viewer: ada }, { accountId: account })
    expect(await completeSync(store, owner, claim, { resyncMs: 300_000, lookFor })).toBe(true)
    expect(await untilNextSync(store)).toBe(0)
  })
})

describe('a sync whose process died', () => {
  it('is due again when its claim has run out, though the next was set for later', async () => {
    const [dead, { store }] = [randomUUID(), database]
    await claimAccounts(store, dead, { leaseMs: 60_000, resyncMs: 300_000 }, 1)
    const take = () => claimAccounts(store, randomUUID(), { leaseMs: 60_000, resyncMs: 300_000 }, 1)
    expect(await take()).toEqual([])
    await database.advance(60_001)
    expect(await untilNextSync(store)).toBe(0)
    expect(await take()).toHaveLength(1)
  })
})

describe('several processes', () => {
  it('sync an account once between them', async () => {
    let reads = 0
    const slow = async function* () {
      reads += 1
      for (const page of pagesOf([web, db], groups)) {
        await rows('select pg_sleep(0.02)')
        yield page
      }
    }
    for (let index = 0; index < 3; index += 1) start(slow)
    await vi.waitFor(async () => expect((await accountRow()).status).toBe('CONNECTED'), within)
    expect(reads).toBe(1)
    expect(await rows('select id from virtual_machine_interfaces order by id')).toEqual([
      { id: nicId('db-nic') },
      { id: nicId('web-nic') },
    ])
  })
})
