import { describe, expect, it } from 'vitest'
import { useDatabase } from '../support/database.ts'
import { firewallId, firewallPages, nsgId, pagesOf, type HandFirewall } from './support/hand-cloud.ts'
import { db, groups, useSync, web } from './support/sync-rig.ts'

const database = useDatabase()
const { rows, syncOnce, protect, settle, due } = useSync(database)

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
