import { describe, expect, it, vi } from 'vitest'
import { sshForAll } from '../support/cloud-estate.ts'
import { home, useRig, within } from './support/rig.ts'

const own = (name: string) => ({ name, rules: sshForAll })
const row = Array.from({ length: 20 }, (_, index) => ({ name: `row-${index}`, subnet: 'row' }))
const rig = useRig([
  own('plain'),
  { name: 'two', nsgs: 'both', rules: sshForAll },
  own('shared'),
  own('revoked'),
  own('missed'),
  own('seen'),
  { name: 'exposed', rules: [{ name: 'allow-all-ssh', priority: 100, ports: '22' }] },
  { name: 'denied', rules: [{ name: 'deny-office', priority: 100, access: 'Deny', source: home, ports: '22' }] },
  { name: 'wide', ipv6: true },
  ...row,
])

describe('an enforcer', () => {
  it('closes the ports of a policy ahead of foreign allows, opens one for a grant, and closes it when its time is up', async () => {
    rig.enforce()
    expect(rig.passes('plain')).toBe(true)
    await rig.protect('plain')
    await vi.waitFor(() => expect(rig.passes('plain')).toBe(false), within)

    const [id = ''] = await rig.request(['plain'])
    await rig.becomes(id, 'ACTIVE')
    expect(rig.passes('plain')).toBe(true)
    expect(rig.passes('plain', '203.0.113.8')).toBe(false)

    await rig.tenMinutesPass()
    expect(await rig.becomes(id, 'CLOSED')).toMatchObject({ end_reason: 'TIME_UP', close_attempts: 0 })
    expect(rig.passes('plain')).toBe(false)
    expect(await rig.facts(id)).toEqual(['GrantOpening', 'GrantActivated', 'GrantClosing', 'GrantClosed'])
  })

  it('leaves foreign rules as they are, to the byte', async () => {
    rig.enforce()
    const { subnetNsgId } = rig.machine('plain')
    const foreign = () => {
      const shown = rig.simulator.read(subnetNsgId ?? '')?.properties as { securityRules: { name: string }[] }
      return JSON.stringify(
        shown.securityRules.filter(({ name }) => !name.startsWith('JitGateway-')),
        (key, value: unknown) => (key === 'etag' || key === 'provisioningState' ? undefined : value),
      )
    }
    const before = foreign()
    const [id = ''] = await rig.request(['plain'])
    await rig.becomes(id, 'ACTIVE')
    expect(foreign()).toBe(before)
  })

  it('opens both boundaries of a path, and says active only when both are proven', async () => {
    rig.enforce()
    await rig.protect('two')
    await vi.waitFor(() => expect(rig.passes('two')).toBe(false), within)
    await rig.idle()
    const { nicNsgIds } = rig.machine('two')
    const lift = rig.simulator.misbehave.slowOperation({ polls: 1_000 }, { at: nicNsgIds[0] ?? '', method: 'PUT' })
    const [id = ''] = await rig.request(['two'])
    await vi.waitFor(async () => {
      const { rows } = await rig.database.store.pool.query(
        `select status from enforcements where grant_id = $1 order by status`,
        [id],
      )
      expect(rows).toEqual([{ status: 'UNKNOWN' }, { status: 'OPEN' }])
    }, within)
    expect((await rig.grant(id)).state).toBe('OPENING')
    lift()
    rig.simulator.edit(nicNsgIds[0] ?? '', () => {})
    await rig.becomes(id, 'ACTIVE')
    expect(rig.passes('two')).toBe(true)
    await rig.revoke(id)
    await rig.becomes(id, 'CLOSED')
    expect(rig.passes('two')).toBe(false)
  })

  it('lets overlapping grants share one rule: the last one out closes it', async () => {
    rig.enforce()
    await rig.protect('shared')
    const [first = ''] = await rig.request(['shared'])
    const [second = ''] = await rig.request(['shared'])
    await rig.becomes(first, 'ACTIVE')
    await rig.becomes(second, 'ACTIVE')
    await rig.revoke(first)
    await rig.becomes(first, 'CLOSED')
    expect(rig.passes('shared')).toBe(true)
    await rig.revoke(second)
    await rig.becomes(second, 'CLOSED')
    expect(rig.passes('shared')).toBe(false)
  })

  it('takes one write of a boundary for any number of grants, and one for closing them all', async () => {
    rig.enforce()
    const names = row.map(({ name }) => name)
    await rig.protect(...names)
    const nsg = rig.machine('row-0').subnetNsgId
    await vi.waitFor(() => expect(rig.writesOf(nsg)).toBe(1), within)
    const ids = await rig.request(names)
    for (const id of ids) await rig.becomes(id, 'ACTIVE')
    expect(rig.writesOf(nsg)).toBe(2)
    await rig.tenMinutesPass()
    for (const id of ids) await rig.becomes(id, 'CLOSED')
    // Grants that were proven open one after the other may end in two moments.
    expect(rig.writesOf(nsg)).toBeLessThanOrEqual(4)
    for (const name of names) expect(rig.passes(name)).toBe(false)
  })

  it('writes upon what it last saw, and reads only to prove', async () => {
    rig.enforce()
    await rig.protect('seen')
    await vi.waitFor(() => expect(rig.passes('seen')).toBe(false), within)
    const nsg = rig.machine('seen').subnetNsgId
    await rig.idle()
    const [gets, writes] = [rig.simulator.requests.gets, rig.writesOf(nsg)]
    const [id = ''] = await rig.request(['seen'])
    await rig.becomes(id, 'ACTIVE')
    expect([rig.simulator.requests.gets - gets, rig.writesOf(nsg) - writes]).toEqual([1, 1])
  })

  it('opens and closes for IPv6 as for IPv4', async () => {
    rig.enforce()
    await rig.protect('wide')
    const [id = ''] = await rig.request(['wide'], '2001:db8::7')
    await rig.becomes(id, 'ACTIVE')
    expect(rig.passes('wide', '2001:db8::7')).toBe(true)
    expect(rig.passes('wide', '2001:db8::8')).toBe(false)
    await rig.revoke(id)
    await rig.becomes(id, 'CLOSED')
    expect(rig.passes('wide', '2001:db8::7')).toBe(false)
  })

  it('catches up with what was decided while no enforcer ran', async () => {
    await rig.protect('missed')
    const [id = ''] = await rig.request(['missed'])
    await rig.revoke(id)
    rig.enforce()
    await rig.becomes(id, 'CLOSED')
    expect(await rig.facts(id)).toEqual(['GrantOpening', 'GrantClosing', 'GrantClosed'])
    expect(rig.passes('missed')).toBe(false)
  })
})

describe('a protected port', () => {
  it('that a foreign rule at the first priority leaves open is said to be exposed, by that rule', async () => {
    rig.enforce()
    await rig.protect('exposed')
    const exposures = async () => {
      const { rows } = await rig.database.store.pool.query('select port, rule_name from exposures where vm_id = $1', [
        rig.machine('exposed').vmId,
      ])
      return rows
    }
    await vi.waitFor(async () => expect(await exposures()).toEqual([{ port: 22, rule_name: 'allow-all-ssh' }]), within)
    expect(rig.passes('exposed')).toBe(true)
    rig.simulator.edit(rig.machine('exposed').subnetNsgId ?? '', (group) => {
      for (const rule of group.properties.securityRules)
        if (rule.name === 'allow-all-ssh') rule.properties.priority = 2_000
    })
    await rig.lookAgain()
    await vi.waitFor(async () => expect(await exposures()).toEqual([]), within)
    expect(rig.passes('exposed')).toBe(false)
  })

  it('that a foreign deny keeps shut for the source is not said to be open: the grant fails, by that rule', async () => {
    rig.enforce()
    await rig.protect('denied')
    const [id = ''] = await rig.request(['denied'])
    const grant = await rig.becomes(id, 'OPEN_FAILED')
    expect(grant).toMatchObject({
      fault_code: 'BLOCKED_BY_RULE',
      fault_message: expect.stringContaining('deny-office'),
    })
    const shown = rig.simulator.read(rig.machine('denied').subnetNsgId ?? '')?.properties as { securityRules: object[] }
    expect(JSON.stringify(shown.securityRules)).not.toContain('JitGateway-Allow')
  })
})
