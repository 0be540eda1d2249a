import { describe, expect, it } from 'vitest'
import type { InventoryPage } from '../../src/cloud/port.ts'
import { requestAccess } from '../../src/commands/request-access.ts'
import { useDatabase } from '../support/database.ts'
import { account, foundMachine, nsgId, pagesOf, vmId } from './support/hand-cloud.ts'
import { ada, db, groups, useSync, web } from './support/sync-rig.ts'

const database = useDatabase()
const { rows, accountRow, syncOnce, protect, settle, due } = useSync(database)

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
