import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Viewer } from '../../src/access/viewer.ts'
import { CloudError, type CloudErrorKind } from '../../src/cloud/error.ts'
import type { InventoryPage } from '../../src/cloud/port.ts'
import { enableJit } from '../../src/commands/enable-jit.ts'
import { registerAccount } from '../../src/commands/register-account.ts'
import { requestAccess } from '../../src/commands/request-access.ts'
import { syncAccount } from '../../src/commands/sync-account.ts'
import { startInventorySync, type InventorySyncOptions } from '../../src/inventory/inventory-sync.ts'
import { silentLog } from '../../src/log/log.ts'
import { claimAccounts, failSync, untilNextSync } from '../../src/store/inventory/claim-account.ts'
import { lookFor } from '../../src/firewall/look.ts'
import { completeSync } from '../../src/store/inventory/complete.ts'
import { systemClock } from '../../src/time/clock.ts'
import { useDatabase } from '../support/database.ts'
import {
  account,
  firewallId,
  firewallPages,
  foundMachine,
  handCloud,
  nicId,
  nsgId,
  pagesOf,
  vmId,
  type HandFirewall,
} from './support/hand-cloud.ts'

const database = useDatabase()
const ada: Viewer = {
  actor: { kind: 'PERSON', id: 'ada', name: 'Ada' },
  groups: [],
  appRoles: [],
  rolesHeld: [{ role: 'POLICY_ADMIN', scope: '/' }],
  address: '203.0.113.7',
}
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

function start(pages: Parameters<typeof handCloud>[0], more: Partial<InventorySyncOptions> = {}) {
  const common = { store: database.store, url: database.url, clock: systemClock, log: silentLog }
  const sync = startInventorySync({ ...common, cloud: handCloud(pages), pollMs: 50, ...more })
  running.push(sync)
  return sync
}

const within = { timeout: 5_000, interval: 10 }
/** Ten thousand machines take a while where others work as well. */
const synced = { timeout: 25_000, interval: 10 }
const rows = async (text: string, ...values: unknown[]) =>
  (await database.store.pool.query<Record<string, any>>(text, values)).rows
const accountRow = async () => (await rows('select * from accounts'))[0] ?? {}

/** Has the account synced once more, by a sync of its own that has ended when this resolves. */
async function syncOnce(pages: Parameters<typeof handCloud>[0]): Promise<void> {
  const { sync_generation: before } = await accountRow()
  await syncAccount({ store: database.store, viewer: ada }, { accountId: account })
  const sync = start(pages)
  await vi.waitFor(async () => {
    const { sync_generation: after, lease_owner: owner } = await accountRow()
    expect([Number(after) > Number(before), owner]).toEqual([true, null])
  }, synced)
  await sync.stop()
}

const web = { name: 'web', subnetNsg: 'front', publicAddress: '198.51.100.9' }
const db = { name: 'db', ownNsg: 'back', address: '10.0.0.5' }
const groups = [{ name: 'front' }, { name: 'back' }]

/** Protects a machine, and forgets that its boundaries are due. */
async function protect(name: string): Promise<void> {
  const { results } = await enableJit({ store: database.store, viewer: ada }, { vmIds: [vmId(name)] })
  expect(results[0]?.userErrors).toEqual([])
  await settle()
}
const settle = () => database.store.pool.query('update boundary_reconciles set next_run_at = null, pending_at = null')
const due = async () =>
  (await rows('select boundary_id from boundary_reconciles where next_run_at is not null order by 1')).map(
    ({ boundary_id: id }) => id as string,
  )

describe('inventory sync', () => {
  it('finds machines, their addresses and the boundaries on their paths, in whatever order the pages come', async () => {
    const pages = pagesOf([web, db], groups)
    for (const order of [pages, pages.toReversed(), [pages[2], pages[4], pages[0], pages[3], pages[1]]]) {
      await database.store.pool.query('truncate virtual_machine_interfaces')
      await syncOnce(() => order as InventoryPage[])
      expect(
        await rows(`select v.name, v.os, v.power, v.resource_group_id, v.unsupported_reason, i."primary", i.addresses,
          i.public_addresses, i.subnet_boundary_id, i.own_boundary_id
          from virtual_machines v join virtual_machine_interfaces i on i.vm_id = v.id order by v.name`),
      ).toEqual([
        {
          name: 'db',
          os: 'LINUX',
          power: 'RUNNING',
          unsupported_reason: null,
          primary: true,
          resource_group_id: `/subscriptions/${account}/resourcegroups/rg`,
          addresses: ['10.0.0.5'],
          public_addresses: [],
          subnet_boundary_id: null,
          own_boundary_id: nsgId('back'),
        },
        {
          name: 'web',
          os: 'LINUX',
          power: 'RUNNING',
          unsupported_reason: null,
          primary: true,
          resource_group_id: `/subscriptions/${account}/resourcegroups/rg`,
          addresses: ['10.0.0.4'],
          public_addresses: ['198.51.100.9'],
          subnet_boundary_id: nsgId('front'),
          own_boundary_id: null,
        },
      ])
    }
    expect(await accountRow()).toMatchObject({ status: 'CONNECTED', last_sync_error: null })
    expect(await rows('select from inventory_items')).toEqual([])
  })

  it('knows the user that a machine was made with, and the one that it is told of later', async () => {
    for (const adminUserName of ['azureadmin', 'ops', null]) {
      await syncOnce(() => pagesOf([{ ...web, more: { adminUserName } }], groups))
      expect(await rows('select admin_user_name as name from virtual_machines')).toEqual([{ name: adminUserName }])
    }
  })

  it('says why a machine cannot be protected', async () => {
    await syncOnce(() =>
      pagesOf(
        [
          { name: 'bare' },
          { name: 'nowhere', address: null, subnetNsg: 'front' },
          { name: 'old', more: { classic: true, interfaces: [] } },
          { name: 'veiled', ownNsg: 'of-others', subnetNsg: 'front' },
          web,
        ],
        groups,
      ),
    )
    const reasons = await rows('select name, unsupported_reason as reason from virtual_machines order by name')
    expect(Object.fromEntries(reasons.map(({ name, reason }) => [name, reason]))).toEqual({
      bare: 'NO_NETWORK_SECURITY_GROUP',
      nowhere: 'NO_PRIVATE_ADDRESS',
      old: 'CLASSIC',
      veiled: 'BOUNDARY_NOT_VISIBLE',
      web: null,
    })
  })

  it("says where the cloud's own policy turns JIT off: the nearest scope decides", async () => {
    const subscription = `/subscriptions/${account}`
    const ruling = (scope: string, allowed: boolean, exceptScopes: readonly string[] = []) => ({
      id: `${scope} ${String(allowed)}`,
      scope,
      exceptScopes,
      allowed,
    })
    const group = `${subscription}/resourcegroups/rg`
    const reasonsUnder = async (...items: readonly ReturnType<typeof ruling>[]) => {
      await syncOnce(() => [...pagesOf([web, db, { name: 'bare' }], groups), { kind: 'jitRulings', items }])
      const found = await rows('select name, unsupported_reason as reason from virtual_machines order by name')
      return found.map(({ name, reason }) => `${String(name)} ${String(reason)}`)
    }
    const bare = 'bare NO_NETWORK_SECURITY_GROUP'
    const [off, on] = [
      ['bare DISABLED_BY_POLICY', 'db DISABLED_BY_POLICY', 'web DISABLED_BY_POLICY'],
      [bare, 'db null', 'web null'],
    ]
    expect(await reasonsUnder()).toEqual(on)
    expect(await reasonsUnder(ruling('/', false))).toEqual(off)
    expect(await reasonsUnder(ruling(subscription, false))).toEqual(off)
    expect(await reasonsUnder(ruling(subscription, false), ruling(group, true))).toEqual(on)
    expect(await reasonsUnder(ruling('/', true), ruling(group, false))).toEqual(off)
    expect(await reasonsUnder(ruling(`${subscription}/resourcegroups/r`, false))).toEqual(on)
    expect(await reasonsUnder(ruling(group, true), ruling(group, false))).toEqual(off)
    expect(await reasonsUnder(ruling(subscription, false, [vmId('web')]))).toEqual([...off.slice(0, 2), 'web null'])
    expect(await reasonsUnder(ruling(vmId('db'), false))).toEqual([bare, 'db DISABLED_BY_POLICY', 'web null'])
  })

  it('rewrites nothing, says nothing and makes nothing due when nothing changed', async () => {
    const pages = () => pagesOf([web, db], groups)
    await syncOnce(pages)
    await protect('web')
    const versions = () =>
      rows(`select id, xmin::text from virtual_machines union all select id, xmin::text from boundaries
        union all select id, xmin::text from virtual_machine_interfaces order by 1`)
    const facts = () => rows('select count(*) from activities')
    const before = [await versions(), await facts()]
    await syncOnce(pages)
    expect([await versions(), await facts()]).toEqual(before)
    expect(await due()).toEqual([])
  })

  it('says of each machine once that it was found, and each time that it or its interfaces changed', async () => {
    const said = async () =>
      (
        await rows(`select kind, detail->>'name' as name, vm_id, resource_group_id from activities a
        where kind::text like 'VirtualMachine%' order by a.position`)
      ).map(({ kind, name, vm_id: id, resource_group_id: group }) => {
        expect([id, group]).toEqual([
          vmId('web').replace(/web$/, id.split('/').at(-1)),
          `/subscriptions/${account}/resourcegroups/rg`,
        ])
        return `${String(kind)} ${String(name)}`
      })
    await syncOnce(() => pagesOf([web, db], groups))
    expect((await said()).toSorted()).toEqual(['VirtualMachineFound db', 'VirtualMachineFound web'])
    await syncOnce(() => pagesOf([{ ...web, more: { power: 'STOPPED' } }, db], groups))
    expect((await said()).slice(2)).toEqual(['VirtualMachineChanged web'])
    await syncOnce(() =>
      pagesOf(
        [
          { ...web, more: { power: 'STOPPED' } },
          { ...db, address: '10.0.0.6' },
        ],
        groups,
      ),
    )
    expect((await said()).slice(3)).toEqual(['VirtualMachineChanged db'])
    await syncOnce(() => pagesOf([{ ...db, address: '10.0.0.6' }], groups))
    expect((await said()).slice(4)).toEqual(['VirtualMachineGone web'])
    await syncOnce(() =>
      pagesOf(
        [
          { ...web, more: { power: 'STOPPED' } },
          { ...db, address: '10.0.0.6' },
        ],
        groups,
      ),
    )
    expect((await said()).slice(5)).toEqual(['VirtualMachineChanged web'])
  })

  it('notices a deleted machine once, and ends its grants where they may be open', async () => {
    await syncOnce(() => pagesOf([web, db], groups))
    await protect('web')
    const asked = { targets: [{ vmId: vmId('web'), ports: [{ port: 22 }] }], durationSeconds: 600 }
    const { grantIds } = await requestAccess({ store: database.store, viewer: ada }, asked)
    await settle()
    for (const round of [1, 2]) {
      await syncOnce(() => pagesOf([db], groups))
      expect(await rows('select state, end_reason from grants where id = $1', grantIds[0])).toEqual([
        { state: 'CLOSING', end_reason: 'VM_GONE' },
      ])
      expect(await rows(`select detail from activities where kind = 'VirtualMachineGone'`)).toEqual([
        { detail: { name: 'web' } },
      ])
      if (round === 1) expect(await due()).toEqual([nsgId('front')])
    }
    expect(await rows('select boundary_id, status from enforcements where grant_id = $1', grantIds[0])).toEqual([
      { boundary_id: nsgId('front'), status: 'UNKNOWN' },
    ])
    await syncOnce(() => pagesOf([web, db], groups))
    expect(await rows(`select gone_at from virtual_machines where name = 'web'`)).toEqual([{ gone_at: null }])
  })

  it('makes the old and the new boundary due when a protected machine moves', async () => {
    await syncOnce(() => pagesOf([web, db], groups))
    await protect('web')
    await syncOnce(() => pagesOf([{ ...web, subnetNsg: 'back' }, db], groups))
    expect(await due()).toEqual([nsgId('back'), nsgId('front')].toSorted())
  })

  it('makes a boundary due that somebody changed, if it guards a protected machine', async () => {
    await syncOnce(() => pagesOf([web, db], groups))
    await protect('web')
    await syncOnce(() =>
      pagesOf(
        [web, db],
        [
          { name: 'front', etag: '2' },
          { name: 'back', etag: '2' },
        ],
      ),
    )
    expect(await due()).toEqual([nsgId('front')])
  })

  it('leaves what the enforcer read later than the list was asked for', async () => {
    await syncOnce(() => pagesOf([web], [{ name: 'front', etag: '1' }]))
    await syncOnce(async function* () {
      const stale = pagesOf([web], [{ name: 'front', etag: 'stale' }])
      await database.store.pool.query(
        `update boundaries set etag = 'newer', observed_at = gateway_now() + interval '1 second'`,
      )
      yield* stale
    })
    expect(await rows('select etag from boundaries')).toEqual([{ etag: 'newer' }])
  })

  it('finds that nothing guards a protected port any more when its last boundary is gone', async () => {
    await syncOnce(() => pagesOf([web], groups))
    await protect('web')
    await syncOnce(() => pagesOf([{ ...web, subnetNsg: null }], []))
    expect(await rows(`select kind, detail->>'ruleName' as rule from activities where kind = 'ExposureFound'`)).toEqual(
      [{ kind: 'ExposureFound', rule: null }],
    )
  })

  it('takes in ten thousand machines without holding more than a page', async () => {
    const [count, page] = [10_000, 250]
    let [asked, stored, most] = [0, 0, 0]
    await syncOnce(async function* () {
      yield { kind: 'subnets', items: [] }
      for (let first = 0; first < count; first += page) {
        const names = Array.from({ length: page }, (_, index) => `vm-${first + index}`)
        asked += page
        most = Math.max(most, asked - stored)
        yield { kind: 'virtualMachines', items: names.map((name) => foundMachine({ name })) }
        // Asked for the next page: the one before must be in the database by now.
        stored = Number(
          (await rows(`select count(*) from inventory_items where kind = 'virtualMachines'`))[0]?.['count'],
        )
      }
    })
    expect(await rows('select count(*)::int from virtual_machines')).toEqual([{ count }])
    expect(most).toBe(page)
  }, 30_000)
})

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

describe('a firewall', () => {
  const bare = { name: 'bare', address: '10.0.0.6' }
  const pagesWith = (firewall: HandFirewall, backwards = false) => {
    const pages = [...pagesOf([web, db, bare], groups), ...firewallPages(firewall)]
    return () => (backwards ? pages.toReversed() : pages)
  }
  const paths = () =>
    rows(`select v.name, i.network_boundary_id as firewall, v.unsupported_reason as reason
      from virtual_machines v join virtual_machine_interfaces i on i.vm_id = v.id order by v.name`)
  const all = (firewall: string | null, reasons: readonly (string | null)[] = [null, null, null]) =>
    ['bare', 'db', 'web'].map((name, index) => ({ name, firewall, reason: reasons[index] }))
  const unguarded = ['NO_NETWORK_SECURITY_GROUP', null, null]

  it('stands before every machine of its network, with the addresses it has outside and inside', async () => {
    for (const backwards of [false, true]) {
      await syncOnce(pagesWith({ name: 'fw' }, backwards))
      expect(await paths()).toEqual(all(firewallId('fw')))
      expect(
        await rows(`select kind, public_addresses, relays_from from boundaries where kind = 'AZURE_FIREWALL'`),
      ).toEqual([{ kind: 'AZURE_FIREWALL', public_addresses: ['198.51.100.1'], relays_from: ['10.9.0.0/26'] }])
    }
  })

  it('of another network, or without a public address to be reached at, stands before none', async () => {
    await syncOnce(pagesWith({ name: 'fw', network: 'net2' }))
    expect(await paths()).toEqual(all(null, unguarded))
    await syncOnce(pagesWith({ name: 'fw', address: null }))
    expect(await paths()).toEqual(all(null, unguarded))
  })

  it('whose rules a policy keeps makes its machines unsupported, whatever else guards them', async () => {
    await syncOnce(pagesWith({ name: 'fw', managedByPolicy: true }))
    const reason = 'FIREWALL_MANAGED_BY_POLICY'
    expect(await paths()).toEqual(all(null, [reason, reason, reason]))
    await syncOnce(pagesWith({ name: 'fw' }))
    expect(await paths()).toEqual(all(firewallId('fw')))
  })

  it('that comes, goes or changes makes the groups behind it due, which let in what has its addresses', async () => {
    await syncOnce(() => pagesOf([web, db, bare], groups))
    await protect('web')
    await syncOnce(pagesWith({ name: 'fw' }))
    expect(await due()).toEqual([firewallId('fw'), nsgId('front')].toSorted())
    await settle()
    await syncOnce(pagesWith({ name: 'fw' }))
    expect(await due()).toEqual([])
    await syncOnce(pagesWith({ name: 'fw', prefix: '10.9.0.64/26' }))
    expect(await due()).toEqual([firewallId('fw'), nsgId('front')].toSorted())
    await settle()
    await syncOnce(() => pagesOf([web, db, bare], groups))
    expect(await due()).toEqual([firewallId('fw'), nsgId('front')].toSorted())
  })
})
