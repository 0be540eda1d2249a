import { describe, expect, it, vi } from 'vitest'
import { changedGroup } from '../../../src/cloud/azure/group.ts'
import { connectAzure } from '../../../src/cloud/azure/connect.ts'
import { drawNetworks } from '../../../src/cloud/simulator/estate/draw.ts'
import { startSimulator } from '../../../src/cloud/simulator/start.ts'
import type { SecurityGroup } from '../../../src/cloud/simulator/resource.ts'
import { handClock } from '../../support/clock.ts'
import { sshForAll, subscriptionId } from '../../support/cloud-estate.ts'
import { groupBody } from './support/bare-server.ts'
import { connected, optionsFor, ourRule, putting, refusalOf } from './support/connected.ts'

const outbound = { name: 'out', priority: 100, direction: 'Outbound', ports: '443' } as const

/** What nobody who writes a rule may change in a group. */
const lasting = (shown: SecurityGroup) => {
  const { etag: _, properties, ...group } = shown
  const { provisioningState: _state, defaultSecurityRules: _defaults, securityRules, ...more } = properties
  const foreign = securityRules.filter(({ name }) => !name.toLowerCase().startsWith('jitgateway-'))
  const rules = foreign.map(({ etag: _etag, properties: { provisioningState: _rules, ...rest }, ...rule }) => ({
    ...rule,
    rest,
  }))
  return JSON.stringify({ group, more, rules })
}

describe('a boundary that is observed', () => {
  it('shows its inbound rules, counts those of both directions, and carries its etag and the whole answer', async () => {
    const { cloud, simulator, groupId } = await connected([{ name: 'web', rules: [...sshForAll, outbound] }])
    const observation = await cloud.observe(groupId)
    expect(observation.rules.map(({ name }) => name)).toEqual(['allow-ssh'])
    expect(observation).toMatchObject({ boundaryId: groupId, ruleCount: 2, etag: simulator.read(groupId)?.etag })
    expect(observation.raw).toEqual(simulator.read(groupId))
  })

  it('is the same one, in whatever case the cloud spells ids', async () => {
    const { cloud, simulator, groupId } = await connected()
    simulator.settings.idCase = 'upper'
    expect((await cloud.observe(groupId)).boundaryId).toBe(groupId)
  })

  it('is found in a resource group whose name is not plain ASCII', async () => {
    const place = { subscriptionId, resourceGroup: 'rg-größe(1)_neu', location: 'westeurope' }
    const { resources, machines } = drawNetworks([{ place, name: 'net', machines: [{ name: 'web' }] }])
    const estate = { subscriptions: [{ subscriptionId, displayName: 'Shop' }], resources }
    const simulator = await startSimulator({ estate, operationMs: 0 })
    await using stack = new AsyncDisposableStack()
    stack.defer(() => simulator.stop())
    const cloud = connectAzure(optionsFor(simulator))
    const groupId = machines[0]?.subnetNsgId ?? ''
    await cloud.apply(await cloud.observe(groupId), putting(ourRule()))
    expect((await cloud.observe(groupId)).rules.map(({ name }) => name)).toEqual(['JitGateway-1'])
  })

  it('is not found when it is gone', async () => {
    const { cloud, simulator, groupId } = await connected()
    simulator.deleteGroup(groupId)
    expect(await refusalOf(cloud.observe(groupId))).toMatchObject({ kind: 'NOT_FOUND', code: 'ResourceNotFound' })
  })

  it('is not taken for gone in a subscription that cannot be seen', async () => {
    const { cloud, groupId } = await connected()
    const elsewhere = groupId.replace(subscriptionId, '00000000-0000-0000-0000-000000000009')
    expect(await refusalOf(cloud.observe(elsewhere))).toMatchObject({ kind: 'FORBIDDEN', code: 'SubscriptionNotFound' })
  })

  it('proves nothing before a write in progress has ended', async () => {
    const { cloud, simulator, machine, groupId } = await connected([{ name: 'web', rules: sshForAll }])
    const packet = { vmId: machine('web').vmId, source: '203.0.113.7', port: 22, protocol: 'TCP' } as const
    const before = await cloud.observe(groupId)
    simulator.misbehave.slowOperation({ ms: 250 }, { times: 1 })
    const writing = cloud.apply(before, putting(ourRule({ access: 'DENY', sources: ['*'] })))
    await vi.waitFor(() => {
      expect(simulator.read(groupId)?.properties['provisioningState']).toBe('Updating')
    })
    const during = await cloud.observe(groupId)
    expect(simulator.packetPasses(packet).passes).toBe(false)
    expect(during.rules.map(({ name }) => name)).toEqual(['allow-ssh', 'JitGateway-1'])
    await writing
  })

  it('is left for later when a write in progress does not end', async () => {
    const clock = handClock()
    const { cloud, simulator, groupId } = await connected([{ name: 'web' }], { azure: { clock } })
    const { etag, ...rest } = await cloud.observe(groupId)
    simulator.misbehave.slowOperation({ ms: 60_000 })
    void cloud.apply({ etag, ...rest }, putting(ourRule())).catch(() => {})
    await vi.waitFor(() => {
      expect(clock.waiting).toBe(1)
    })
    let refused = false
    const refusal = refusalOf(cloud.observe(groupId)).finally(() => {
      refused = true
    })
    await vi.waitFor(
      async () => {
        await clock.advance(500)
        expect(refused).toBe(true)
      },
      { timeout: 5_000, interval: 5 },
    )
    expect(await refusal).toMatchObject({ kind: 'CONFLICT', code: 'AnotherOperationInProgress' })
  })
})

describe('a write', () => {
  it('opens and closes as packets see it', async () => {
    const { cloud, simulator, machine, groupId } = await connected([{ name: 'web', rules: sshForAll }])
    const { vmId, addresses } = machine('web')
    const passes = (source: string) => simulator.packetPasses({ vmId, source, port: 22, protocol: 'TCP' }).passes
    const deny = ourRule({ name: 'JitGateway-deny', access: 'DENY', priority: 200, sources: ['*'] })
    const allow = ourRule({ destinations: addresses.map((address) => `${address}/32`) })
    expect([passes('203.0.113.7'), passes('198.51.100.1')]).toEqual([true, true])

    await cloud.apply(await cloud.observe(groupId), putting(deny))
    expect([passes('203.0.113.7'), passes('198.51.100.1')]).toEqual([false, false])
    await cloud.apply(await cloud.observe(groupId), putting(allow))
    expect([passes('203.0.113.7'), passes('198.51.100.1')]).toEqual([true, false])
    await cloud.apply(await cloud.observe(groupId), { remove: [allow.name], put: [] })
    expect([passes('203.0.113.7'), passes('198.51.100.1')]).toEqual([false, false])
    expect((await cloud.observe(groupId)).rules.map(({ name }) => name)).toEqual(['allow-ssh', 'JitGateway-deny'])
  })

  it('gives the correlation id by which the cloud knows it', async () => {
    const { cloud, groupId } = await connected()
    const { correlationId } = await cloud.apply(await cloud.observe(groupId), putting(ourRule()))
    expect(correlationId).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('leaves what others wrote byte for byte as it was, properties of a later day too', async () => {
    const rules = [...sshForAll, outbound, { name: 'odd', priority: 310, source: ['10.0.0.0/8', '192.0.2.0/24'] }]
    const { cloud, simulator, groupId } = await connected([{ name: 'web', nsgs: 'both', rules }])
    simulator.edit(groupId, (group) => {
      group.tags = { Owner: 'shop', Empty: '' }
      Object.assign(group.properties, { flushConnection: true, ofALaterDay: { deep: [1, null, { x: 'y' }] } })
      Object.assign(group.properties.securityRules[0]?.properties ?? {}, {
        laterStill: [{ a: 1.5 }],
        description: 'ä"\\',
      })
    })
    const before = lasting(simulator.read(groupId) as SecurityGroup)
    await cloud.apply(
      await cloud.observe(groupId),
      putting(ourRule(), ourRule({ name: 'JitGateway-2', priority: 101 })),
    )
    expect(lasting(simulator.read(groupId) as SecurityGroup)).toBe(before)
    await cloud.apply(await cloud.observe(groupId), { remove: ['JitGateway-1', 'JitGateway-2'], put: [] })
    expect(lasting(simulator.read(groupId) as SecurityGroup)).toBe(before)
  })

  it('finds a rule of ours whose name was written in another case', async () => {
    const { cloud, simulator, groupId } = await connected()
    await cloud.apply(
      await cloud.observe(groupId),
      putting(ourRule(), ourRule({ name: 'JitGateway-2', priority: 101 })),
    )
    simulator.edit(groupId, (group) => {
      for (const rule of group.properties.securityRules) rule.name = rule.name.toUpperCase()
    })
    const changes = { remove: ['JitGateway-2'], put: [ourRule({ priority: 150 })] }
    await cloud.apply(await cloud.observe(groupId), changes)
    const { rules } = await cloud.observe(groupId)
    expect(rules.map(({ name, priority }) => [name, priority])).toEqual([['JitGateway-1', 150]])
  })

  it('is refused when somebody else wrote since, and changes nothing', async () => {
    const { cloud, simulator, groupId } = await connected()
    const observation = await cloud.observe(groupId)
    simulator.edit(groupId, (group) => {
      group.tags = { by: 'somebody else' }
    })
    const refusal = await refusalOf(cloud.apply(observation, putting(ourRule())))
    expect(refusal).toMatchObject({ kind: 'CONFLICT', code: 'PreconditionFailed' })
    expect(simulator.read(groupId)).toMatchObject({ tags: { by: 'somebody else' }, properties: { securityRules: [] } })
  })

  it('does not bring back a group that was deleted', async () => {
    const { cloud, simulator, groupId } = await connected()
    const observation = await cloud.observe(groupId)
    simulator.deleteGroup(groupId)
    await refusalOf(cloud.apply(observation, putting(ourRule())))
    expect(simulator.read(groupId)).toBeUndefined()
  })
})

describe('the body of a write', () => {
  const theirs = {
    id: '/X',
    name: 'theirs',
    etag: 'W/"0"',
    properties: { direction: 'Inbound', odd: { z: 1, a: [null] } },
  }
  const old = { name: 'jitgateway-1', properties: { direction: 'Inbound', priority: 100 } }

  it('is the answer that was read, in its order, but for our rules and what Azure works out itself', () => {
    const raw = {
      ...groupBody([theirs, old, { ...theirs, name: 'more' }], {
        flowLogs: [{ id: '/f' }],
        subnets: [{ id: '/s' }],
        laterDay: [2, { b: 1 }],
      }),
      zones: ['1'],
    }
    const body = changedGroup(raw, { remove: [], put: [ourRule({ priority: 120 })] })
    const { properties, ...rest } = JSON.parse(JSON.stringify(body)) as {
      properties: { securityRules: { name: string }[] }
    }
    const { properties: _, ...whole } = raw
    expect(JSON.stringify(rest)).toBe(JSON.stringify(whole))
    expect(new Set(Object.keys(properties))).toEqual(new Set(['laterDay', 'securityRules']))
    const [first, ours, last, ...none] = properties.securityRules
    expect([ours?.name, none]).toEqual(['JitGateway-1', []])
    expect(JSON.stringify([first, last])).toBe(JSON.stringify([theirs, { ...theirs, name: 'more' }]))
  })

  it('never touches a rule that is not ours', () => {
    expect(() => changedGroup(groupBody([theirs]), { remove: ['theirs'], put: [] })).toThrow('not ours')
    expect(() => changedGroup(groupBody([theirs]), putting(ourRule({ name: 'theirs' })))).toThrow('not ours')
  })
})
