import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import type { AzureFirewall, SecurityGroup } from '../../src/cloud/simulator/resource.ts'
import { sshForAll } from '../support/cloud-estate.ts'
import { useRig, within } from './support/rig.ts'

const own = (name: string) => ({ name, rules: sshForAll })
const other = '203.0.113.8'
const front = '198.51.100.1'
const rig = useRig(
  [
    ...[
      'plain',
      'shared',
      'slow',
      'early',
      'late',
      'leaky',
      'lost',
      'stopped',
      'inside',
      'full',
      'first',
      'second',
      'third',
    ].map(own),
    { name: 'two', nsgs: 'both', rules: sshForAll },
    { name: 'bare', nsgs: 'none' },
    { name: 'wide', ipv6: true, rules: sshForAll },
    own('quick'),
  ],
  5,
  {
    name: 'fw',
    publicAddresses: [front],
    nat: [{ name: 'https', port: 443, to: 'plain', toPort: 8443 }],
  },
)

const firewallId = () => rig.machine('plain').firewallId ?? ''
const firewall = () => rig.simulator.read(firewallId()) as AzureFirewall
const firewallWrites = () => rig.writesOf(firewallId())
const statuses = async (grantId: string) => {
  const { rows } = await rig.database.store.pool.query<{ kind: string; status: string }>(
    `select b.kind::text, e.status::text from enforcements e join boundaries b on b.id = e.boundary_id
      where grant_id = $1 order by b.kind`,
    [grantId],
  )
  return rows.map(({ kind, status }) => `${kind} ${status}`)
}
const closed = (name: string) => vi.waitFor(() => expect(rig.passes(name)).toBe(false), within)

describe('behind a firewall', () => {
  it('a grant opens a port of the firewall for its source, and the machine for the firewall alone; and closes both', async () => {
    rig.enforce()
    await rig.protect('plain')
    await closed('plain')
    const [id = ''] = await rig.request(['plain'])
    await rig.becomes(id, 'ACTIVE')
    expect(await rig.endpoint(id)).toMatchObject({ address: front })
    expect(await rig.arrives(id, 'plain')).toBe(true)
    expect(await rig.arrives(id, 'plain', other)).toBe(false)
    expect(rig.passes('plain')).toBe(false)
    const group = rig.simulator.read(rig.machine('plain').subnetNsgId ?? '') as SecurityGroup
    const allow = group.properties.securityRules.find(({ name }) => name.startsWith('JitGateway-Allow-'))
    expect(allow?.properties.sourceAddressPrefix).toMatch(/^10\.0\.\d+\.\d+\/26$/)

    await rig.tenMinutesPass()
    expect(await rig.becomes(id, 'CLOSED')).toMatchObject({ end_reason: 'TIME_UP', close_attempts: 0 })
    expect(await rig.arrives(id, 'plain')).toBe(false)
    expect(await rig.facts(id)).toEqual(['GrantOpening', 'GrantActivated', 'GrantClosing', 'GrantClosed'])
    expect(firewall().properties.natRuleCollections.map(({ name }) => name)).toEqual(['published'])
  })

  it('foreign collections stay as they are, to the byte', async () => {
    rig.enforce()
    const foreign = () => {
      const { natRuleCollections, ...more } = firewall().properties
      return JSON.stringify(
        [more, natRuleCollections.filter(({ name }) => name !== 'JitGateway')],
        (key, value: unknown) => (key === 'etag' || key === 'provisioningState' ? undefined : value),
      )
    }
    rig.simulator.editFirewall(firewallId(), ({ properties }) => {
      Object.assign(properties, { laterDay: { a: [1, null] } })
    })
    const before = foreign()
    const [id = ''] = await rig.request(['plain'])
    await rig.becomes(id, 'ACTIVE')
    expect(firewall().properties.natRuleCollections).toHaveLength(2)
    expect(foreign()).toBe(before)
    await rig.revoke(id)
    await rig.becomes(id, 'CLOSED')
    expect(foreign()).toBe(before)
  })

  it('whoever comes to the same port of the same machine has the same public port, and each goes out alone', async () => {
    rig.enforce()
    await rig.protect('shared')
    await closed('shared')
    const [[first = ''], [second = '']] = [await rig.request(['shared']), await rig.request(['shared'], other)]
    await rig.becomes(first, 'ACTIVE')
    await rig.becomes(second, 'ACTIVE')
    expect(await rig.endpoint(first)).toEqual(await rig.endpoint(second))
    await rig.revoke(first)
    await rig.becomes(first, 'CLOSED')
    expect([await rig.arrives(first, 'shared'), await rig.arrives(second, 'shared', other)]).toEqual([false, true])
    await rig.revoke(second)
    await rig.becomes(second, 'CLOSED')
    expect(await rig.arrives(second, 'shared', other)).toBe(false)
  })

  it('one write of the firewall opens any number of machines, and one closes them', async () => {
    rig.enforce()
    await rig.protect('two', 'bare')
    await rig.idle()
    const before = firewallWrites()
    const ids = await rig.request(['plain', 'two', 'bare'])
    for (const id of ids) await rig.becomes(id, 'ACTIVE')
    expect(firewallWrites() - before).toBe(1)
    for (const [index, name] of ['plain', 'two', 'bare'].entries())
      expect(await rig.arrives(ids[index] ?? '', name)).toBe(true)
    expect(await statuses(ids[1] ?? '')).toEqual([
      'AZURE_FIREWALL OPEN',
      'NETWORK_SECURITY_GROUP OPEN',
      'NETWORK_SECURITY_GROUP OPEN',
    ])
    expect(await statuses(ids[2] ?? '')).toEqual(['AZURE_FIREWALL OPEN'])
    await rig.tenMinutesPass()
    for (const id of ids) await rig.becomes(id, 'CLOSED')
    for (const [index, name] of ['plain', 'two', 'bare'].entries())
      expect(await rig.arrives(ids[index] ?? '', name)).toBe(false)
  })

  it('who comes from within the network, or by IPv6, does not come through the firewall', async () => {
    rig.enforce()
    await rig.protect('inside', 'wide')
    await closed('inside')
    const before = firewallWrites()
    const [inside = ''] = await rig.request(['inside'], '10.0.9.9')
    await rig.becomes(inside, 'ACTIVE')
    expect([rig.passes('inside', '10.0.9.9'), rig.passes('inside', '10.0.9.8')]).toEqual([true, false])
    const [wide = ''] = await rig.request(['wide'], '2001:db8::7')
    await rig.becomes(wide, 'ACTIVE')
    expect([rig.passes('wide', '2001:db8::7'), rig.passes('wide', '2001:db8::8')]).toEqual([true, false])
    expect(await statuses(inside)).toEqual(['NETWORK_SECURITY_GROUP OPEN'])
    expect(await rig.endpoint(wide)).toBeNull()
    expect(firewallWrites()).toBe(before)
    for (const id of [inside, wide]) await rig.revoke(id)
    for (const id of [inside, wide]) await rig.becomes(id, 'CLOSED')
    expect(rig.passes('inside', '10.0.9.9')).toBe(false)
  })

  it('a rule that somebody takes away is put back at the same public port', async () => {
    rig.enforce()
    await rig.protect('lost')
    await closed('lost')
    const [id = ''] = await rig.request(['lost'])
    await rig.becomes(id, 'ACTIVE')
    const endpoint = await rig.endpoint(id)
    rig.simulator.editFirewall(firewallId(), ({ properties }) => {
      properties.natRuleCollections = properties.natRuleCollections.filter(({ name }) => name !== 'JitGateway')
    })
    expect(await rig.arrives(id, 'lost')).toBe(false)
    await rig.lookAgain()
    await vi.waitFor(async () => expect(await rig.arrives(id, 'lost')).toBe(true), within)
    await vi.waitFor(async () => expect((await rig.grant(id)).drifted).toBe(true), within)
    expect(await rig.endpoint(id)).toEqual(endpoint)
    await rig.revoke(id)
    await rig.becomes(id, 'CLOSED')
  })

  it('a foreign rule that leads to a protected port exposes it while the groups let the firewall through', async () => {
    rig.enforce()
    await rig.protect('leaky')
    await closed('leaky')
    const exposed = async () => {
      const { rows } = await rig.database.store.pool.query<{ name: string; rule_name: string }>(
        `select v.name, x.rule_name from exposures x join virtual_machines v on v.id = x.vm_id
          where v.name in ('leaky', 'bare') order by v.name`,
      )
      return rows.map(({ name, rule_name: rule }) => `${name} ${rule}`)
    }
    await vi.waitFor(async () => expect(await exposed()).toEqual([]), within)
    const [leaky, bare] = ['leaky', 'bare'].map((name) => rig.machine(name).addresses[0] ?? '')
    rig.simulator.editFirewall(firewallId(), ({ properties: { natRuleCollections } }) => {
      const [first] = natRuleCollections
      const [rule] = first?.properties.rules ?? []
      if (first === undefined || rule === undefined) throw new Error('the firewall has no rules')
      const leak = (name: string, port: string, translatedAddress = '') => ({
        ...rule,
        name,
        destinationPorts: [port],
        translatedAddress,
        translatedPort: '22',
      })
      first.properties.rules.push(leak('a', '2201', leaky), leak('b', '2202', bare))
    })
    await rig.lookAgain()
    await vi.waitFor(async () => expect(await exposed()).toEqual(['bare published/b']), within)
    const stranger = { address: front, source: '192.0.2.99', protocol: 'TCP' } as const
    const leaks = () => [2_201, 2_202].map((port) => rig.simulator.packetArrives({ ...stranger, port }).passes)
    expect(leaks()).toEqual([false, true])

    const [id = ''] = await rig.request(['leaky'])
    await rig.becomes(id, 'ACTIVE')
    expect(leaks()).toEqual([true, true])
    await vi.waitFor(async () => expect(await exposed()).toEqual(['bare published/b', 'leaky published/a']), within)
    await rig.revoke(id)
    await rig.becomes(id, 'CLOSED')
    await vi.waitFor(async () => expect(await exposed()).toEqual(['bare published/b']), within)
    rig.simulator.editFirewall(firewallId(), ({ properties: { natRuleCollections } }) => {
      for (const { properties } of natRuleCollections)
        properties.rules = properties.rules.filter(({ name }) => name.length > 1)
    })
  })

  it('a grant for which the firewall has no room fails, and says what to do', async () => {
    rig.enforce()
    await rig.protect('full')
    await closed('full')
    const published = firewall().properties.natRuleCollections
    rig.simulator.editFirewall(firewallId(), ({ properties: { natRuleCollections } }) => {
      const [first] = natRuleCollections
      const [rule] = first?.properties.rules ?? []
      if (first === undefined || rule === undefined) throw new Error('the firewall has no rules')
      for (let port = 1_000; port < 1_248; port += 1)
        first.properties.rules.push({ ...rule, name: `p${String(port)}`, destinationPorts: [String(port)] })
    })
    const [id = ''] = await rig.request(['full'])
    const grant = await rig.becomes(id, 'OPEN_FAILED')
    expect(grant).toMatchObject({ fault_code: 'QUOTA_REACHED', fault_message: expect.stringContaining('at most 250') })
    rig.simulator.editFirewall(firewallId(), ({ properties }) => {
      properties.natRuleCollections = published
    })
  })
})

describe('a firewall that takes its time', () => {
  const slow = (ms: number) => rig.simulator.misbehave.slowOperation({ ms }, { at: firewallId(), method: 'PUT' })

  it('has a grant OPENING until its write is in force; nobody else waits for it', async () => {
    rig.enforce({ passes: 1 })
    await rig.protect('slow', 'quick')
    await closed('slow')
    await closed('quick')
    await rig.idle()
    const lift = slow(4_000)
    const [[id = ''], [quick = '']] = [await rig.request(['slow']), await rig.request(['quick'], '10.0.9.9')]
    await rig.becomes(quick, 'ACTIVE')
    await rig.revoke(quick)
    await rig.becomes(quick, 'CLOSED')
    await vi.waitFor(
      async () => expect(await statuses(id)).toEqual(['AZURE_FIREWALL UNKNOWN', 'NETWORK_SECURITY_GROUP OPEN']),
      within,
    )
    expect((await rig.grant(id)).state).toBe('OPENING')
    expect(firewall().properties.provisioningState).toBe('Updating')
    await rig.becomes(id, 'ACTIVE')
    expect(await rig.arrives(id, 'slow')).toBe(true)
    lift()
    await rig.revoke(id)
    await rig.becomes(id, 'CLOSED')
  })

  it('lets go of a grant ahead of its end, so that the port is closed when it ends', async () => {
    rig.enforce()
    await rig.protect('early')
    await closed('early')
    await rig.idle()
    const lift = slow(4_000)
    const [id = ''] = await rig.request(['early'])
    await rig.becomes(id, 'ACTIVE')
    const writes = firewallWrites()
    const { rows } = await rig.database.store.pool.query<{ left: number; took: number }>(
      `select extract(epoch from g.ends_at - gateway_now())::float8 * 1000 as left, r.write_ms as took
        from grants g, boundary_reconciles r where g.id = $1 and r.boundary_id = $2`,
      [id, firewallId()],
    )
    const [{ left, took } = { left: 0, took: 0 }] = rows
    expect(took).toBeGreaterThanOrEqual(4_000)
    // Three seconds before it has to begin nothing happens; then the firewall begins.
    await rig.database.advance(Math.round(left - took) - 3_000)
    await delay(500)
    expect([firewallWrites(), await rig.arrives(id, 'early')]).toEqual([writes, true])
    await rig.database.advance(2_500)
    await vi.waitFor(() => expect(firewallWrites()).toBe(writes + 1), within)
    expect((await rig.grant(id)).state).toBe('ACTIVE')
    await vi.waitFor(async () => expect(await rig.arrives(id, 'early')).toBe(false), within)
    await rig.becomes(id, 'CLOSED')
    const closing = await rig.database.store.pool.query<{ late: number }>(
      `select extract(epoch from closed_at - ends_at)::float8 as late from grants where id = $1`,
      [id],
    )
    // Without the lead it would be four seconds.
    expect(closing.rows[0]?.late).toBeLessThan(3)
    expect(firewallWrites()).toBe(writes + 1)
    lift()
  })

  it('lets go in one write of all that would have to wait for it, takes none back, and lets in again what is extended', async () => {
    rig.enforce()
    await rig.protect('first', 'second', 'third')
    for (const name of ['first', 'second', 'third']) await closed(name)
    const names = ['first', 'second', 'third']
    const ids = await rig.request(names)
    for (const id of ids) await rig.becomes(id, 'ACTIVE')
    await rig.idle()
    const { pool } = rig.database.store
    const later = (id: string | undefined, seconds: number) =>
      pool.query(`update grants set ends_at = ends_at + $2 * interval '1 second' where id = $1`, [id, seconds])
    await later(ids[1], 3)
    await later(ids[2], 60)
    await pool.query(`update boundary_reconciles set write_ms = 5000 where boundary_id = $1`, [firewallId()])
    const writes = firewallWrites()
    await rig.database.advance(594_000)
    const open = () => Promise.all(names.map((name, index) => rig.arrives(ids[index] ?? '', name)))
    await vi.waitFor(async () => expect(await open()).toEqual([false, false, true]), within)
    // The write was over in a moment: there would be time for a quick one more.
    await rig.lookAgain()
    await rig.idle()
    expect([firewallWrites(), await open()]).toEqual([writes + 1, [false, false, true]])
    expect((await rig.grant(ids[1] ?? '')).state).toBe('ACTIVE')

    await later(ids[1], 600)
    await rig.lookAgain()
    await vi.waitFor(async () => expect(await open()).toEqual([false, true, true]), within)
    for (const id of ids) await rig.revoke(id)
    for (const id of ids) await rig.becomes(id, 'CLOSED')
  })

  it('that is slower than ever before is late, which the grant shows: CLOSING until it is proven shut', async () => {
    rig.enforce()
    await rig.protect('late')
    await closed('late')
    const [[id = ''], [stays = '']] = [await rig.request(['late']), await rig.request(['late'], other)]
    await rig.becomes(id, 'ACTIVE')
    await rig.becomes(stays, 'ACTIVE')
    const lift = slow(1_200)
    await rig.revoke(id)
    await vi.waitFor(async () => expect((await rig.grant(id)).state).toBe('CLOSING'), within)
    await delay(300)
    // The other grant keeps the group open to the firewall, which alone tells who comes.
    expect([(await rig.grant(id)).state, await rig.arrives(id, 'late')]).toEqual(['CLOSING', true])
    await rig.becomes(id, 'CLOSED')
    expect([await rig.arrives(id, 'late'), await rig.arrives(stays, 'late', other)]).toEqual([false, true])
    lift()
    await rig.revoke(stays)
    await rig.becomes(stays, 'CLOSED')
  })

  it('holds up no stop: the next enforcer finds out what became of the write', async () => {
    await rig.protect('stopped')
    const first = rig.enforce({ stopWithinMs: 100 })
    await closed('stopped')
    await rig.idle()
    const lift = slow(2_000)
    const [id = ''] = await rig.request(['stopped'])
    await vi.waitFor(() => expect(firewall().properties.provisioningState).toBe('Updating'), within)
    const began = performance.now()
    await first.stop()
    expect(performance.now() - began).toBeLessThan(1_500)
    expect(firewall().properties.provisioningState).toBe('Updating')
    const writes = firewallWrites()
    rig.enforce({ leaseMs: 1_000 })
    await rig.becomes(id, 'ACTIVE')
    expect(await rig.arrives(id, 'stopped')).toBe(true)
    expect(firewallWrites()).toBe(writes)
    lift()
    await rig.revoke(id)
    await rig.becomes(id, 'CLOSED')
  })
})

describe('when the firewall goes', () => {
  it('what it let in is closed, and the machines are reached without it', async () => {
    rig.enforce()
    const [id = ''] = await rig.request(['plain'])
    await rig.becomes(id, 'ACTIVE')
    rig.simulator.deleteFirewall(firewallId())
    expect(await rig.arrives(id, 'plain')).toBe(false)
    await rig.sync()
    await vi.waitFor(() => expect(rig.passes('plain')).toBe(true), within)
    const now = ['AZURE_FIREWALL ABSENT', 'NETWORK_SECURITY_GROUP OPEN']
    await vi.waitFor(async () => expect(await statuses(id)).toEqual(now), within)
    await rig.revoke(id)
    await rig.becomes(id, 'CLOSED')
    expect(rig.passes('plain')).toBe(false)
  })
})
