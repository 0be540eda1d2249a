import { describe, expect, it, vi } from 'vitest'
import type { SecurityGroup } from '../../src/cloud/simulator/resource.ts'
import { sshForAll } from '../support/cloud-estate.ts'
import { front, useFirewallRig } from './support/firewall-rig.ts'
import { within } from './support/rig.ts'

const other = '203.0.113.8'
const { rig, firewallId, firewall, firewallWrites, statuses, closed } = useFirewallRig([
  ...['plain', 'shared', 'leaky', 'lost', 'inside', 'full'].map((name) => ({ name, rules: sshForAll })),
  { name: 'two', nsgs: 'both', rules: sshForAll },
  { name: 'bare', nsgs: 'none' },
  { name: 'wide', ipv6: true, rules: sshForAll },
])

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
