import { describe, expect, it } from 'vitest'
import { besides, connectedEc2, opening, refusal } from './support/connected.ts'

const [home, elsewhere] = ['203.0.113.7', '203.0.113.8']
const fine = { times: 1 }

describe('an interface that is observed', () => {
  it('shows the rules of every group that it wears, and that none is ours yet', async () => {
    const { cloud, boundaryId, groupId } = await connectedEc2([{ name: 'web', groups: ['ssh', 'data'] }], {
      prefixLists: { 'pl-0a1b2c3d': ['198.51.100.0/24'] },
      groups: {
        data: [
          { port: [5432, 5433], from: 'ssh', tags: { owner: 'data' } },
          { port: 22, from: 'pl-0a1b2c3d' },
        ],
      },
    })
    const observation = await cloud.observe(boundaryId('web'))
    expect(observation).toMatchObject({
      boundaryId: boundaryId('web'),
      kind: 'SECURITY_GROUP',
      groups: { ours: 'NONE', strangers: [], removable: true },
    })
    const rules = observation.rules.map(({ sources, ports, description }) => ({ sources, ports, description }))
    expect(rules).toHaveLength(3)
    expect(rules).toEqual(
      expect.arrayContaining([
        { sources: ['0.0.0.0/0'], ports: [{ first: 22, last: 22 }], description: 'SSH for all' },
        { sources: ['123456789012/' + groupId('ssh')], ports: [{ first: 5432, last: 5433 }], description: '' },
        { sources: ['pl-0a1b2c3d'], ports: [{ first: 22, last: 22 }], description: '' },
      ]),
    )
    expect(observation.groups?.foreign).toContainEqual(
      expect.objectContaining({ groupId: groupId('data'), tags: { owner: 'data' } }),
    )
  })

  it('has an etag that changes with what it shows, and with nothing else', async () => {
    const { cloud, boundaryId, simulator, instance, groupId } = await connectedEc2()
    const etag = async () => (await cloud.observe(boundaryId('web'))).etag
    const before = await etag()
    expect(await etag()).toBe(before)
    simulator.setState(instance('web').instanceId, 'stopped')
    expect(await etag()).toBe(before)
    const [rule] = [...simulator.now.rules.values()].filter((one) => one.groupId === groupId('plain'))
    simulator.putRule({ ...rule!, id: 'sgr-0a1b2c3d', egress: false, protocol: 'tcp', fromPort: 80, toPort: 80 })
    expect(await etag()).not.toBe(before)
  })

  it('is read together with others that are wanted at the same time', async () => {
    const names = Array.from({ length: 16 }, (_, index) => `web-${String(index)}`)
    const { cloud, boundaryId, simulator } = await connectedEc2(names.map((name) => ({ name, groups: ['ssh'] })))
    const seen = await Promise.all(names.map((name) => cloud.observe(boundaryId(name))))
    expect(seen.map((one) => one.boundaryId)).toEqual(names.map((name) => boundaryId(name)))
    expect(simulator.calls).toMatchObject({
      DescribeSecurityGroups: { total: 1 },
      DescribeNetworkInterfaces: { total: 1 },
      DescribeSecurityGroupRules: { total: 1 },
    })
  })

  it('is gone when the interface is, once nothing of ours is left of it', async () => {
    const { cloud, boundaryId, simulator, instance } = await connectedEc2()
    await cloud.apply(await cloud.observe(boundaryId('web')), opening())
    simulator.terminate(instance('web').instanceId)
    const left = await cloud.observe(boundaryId('web'))
    expect(left).toMatchObject({ groups: { ours: 'IDLE', removable: true }, rules: [{ sources: ['203.0.113.7/32'] }] })
    await cloud.apply(left, besides({ ours: 'DISSOLVE' }))
    expect(await refusal(cloud.observe(boundaryId('web')))).toMatchObject({ kind: 'NOT_FOUND' })
  })
})

describe('opening', () => {
  it('puts a group of our own on the interface alone, with a rule for each source, and lets nothing more out', async () => {
    const { cloud, boundaryId, simulator, instance, passes, groupId } = await connectedEc2([
      { name: 'web', groups: ['plain'], ipv6: true },
      { name: 'other', groups: ['plain'] },
    ])
    const applied = await cloud.apply(await cloud.observe(boundaryId('web')), opening([`${home}/32`, '2001:db8::/32']))
    expect(applied.correlationId).toMatch(/\w/)
    expect([passes('web'), passes('web', elsewhere), passes('web', '2001:db8::9'), passes('web', home, 23)]).toEqual([
      true,
      false,
      true,
      false,
    ])
    expect(passes('other')).toBe(false)
    const after = await cloud.observe(boundaryId('web'))
    expect(after.groups).toMatchObject({ ours: 'WORN', strangers: [] })
    const [interfaceId = ''] = instance('web').interfaceIds
    const worn = simulator.now.interfaces.get(interfaceId)?.groupIds ?? []
    expect(worn).toEqual([groupId('plain'), expect.stringMatching(/^sg-/)])
    const own = simulator.now.groups.get(worn[1] ?? '')
    expect(own).toMatchObject({ name: `JitGateway-${interfaceId}`, tags: { JitGateway: interfaceId } })
    const rules = [...simulator.now.rules.values()].filter((rule) => rule.groupId === own?.id)
    expect(rules).toHaveLength(2)
    for (const rule of rules)
      expect(rule).toMatchObject({
        egress: false,
        description: 'JIT Gateway grant 01980000-0000-7000-8000-000000000001 until 2026-01-01T12:00:00.000Z.',
        tags: { JitGateway: interfaceId },
      })
  })

  it('takes one call once the group is worn, and another only for what its rules say', async () => {
    const { cloud, boundaryId, simulator } = await connectedEc2()
    await cloud.apply(await cloud.observe(boundaryId('web')), opening())
    const before = simulator.writes.length
    const again = await cloud.observe(boundaryId('web'))
    await cloud.apply(again, { ...opening([`${elsewhere}/32`]), groups: undefined } as never)
    await cloud.apply(again, { remove: [], put: opening(undefined, { endsAt: '2026-01-01T13:00:00.000Z' }).put })
    expect(simulator.writes.slice(before).map(({ action }) => action)).toEqual([
      'AuthorizeSecurityGroupIngress',
      'ModifySecurityGroupRules',
    ])
    expect((await cloud.observe(boundaryId('web'))).rules.map(({ description }) => description)).toContain(
      'JIT Gateway grant 01980000-0000-7000-8000-000000000001 until 2026-01-01T13:00:00.000Z.',
    )
  })

  it('goes on where it was cut off, whichever of its calls was the last that was answered', async () => {
    const actions = [
      'CreateSecurityGroup',
      'AuthorizeSecurityGroupIngress',
      'RevokeSecurityGroupEgress',
      'ModifyNetworkInterfaceAttribute',
    ]
    for (const action of actions)
      for (const when of ['beforeCommit', 'afterCommit'] as const) {
        const { cloud, boundaryId, simulator, passes, instance } = await connectedEc2()
        simulator.misbehave.loseAnswer(when, { action, ...fine })
        const lost = await refusal(cloud.apply(await cloud.observe(boundaryId('web')), opening()))
        expect(lost.kind).toBe('UNAVAILABLE')
        const half = await cloud.observe(boundaryId('web'))
        if (half.groups?.ours !== 'WORN') await cloud.apply(half, opening())
        expect(passes('web')).toBe(true)
        const worn = simulator.now.interfaces.get(instance('web').interfaceIds[0] ?? '')?.groupIds ?? []
        const out = [...simulator.now.rules.values()].filter((rule) => rule.egress && rule.groupId === worn[1])
        expect([action, when, out]).toEqual([action, when, []])
      }
  })

  it('does not undo what somebody put on the interface at the same moment', async () => {
    const { cloud, boundaryId, simulator, instance, groupId } = await connectedEc2([{ name: 'web', groups: ['plain'] }])
    const [interfaceId = ''] = instance('web').interfaceIds
    const observation = await cloud.observe(boundaryId('web'))
    simulator.wear(interfaceId, [groupId('plain'), groupId('ssh')])
    await cloud.apply(observation, opening())
    expect(simulator.now.interfaces.get(interfaceId)?.groupIds).toEqual([
      groupId('plain'),
      groupId('ssh'),
      expect.any(String),
    ])
  })

  it('is a conflict when the rule stands already, and the group has it once', async () => {
    const { cloud, boundaryId } = await connectedEc2()
    const observation = await cloud.observe(boundaryId('web'))
    await cloud.apply(observation, opening())
    expect(await refusal(cloud.apply(observation, opening()))).toMatchObject({ kind: 'CONFLICT' })
    const worn = await cloud.observe(boundaryId('web'))
    const stale = { ...worn, raw: { ...(worn.raw as object), rules: [] } }
    expect(await refusal(cloud.apply(stale, opening()))).toMatchObject({
      kind: 'CONFLICT',
      code: 'InvalidPermission.Duplicate',
    })
  })

  it('writes no rule that is not ours, nor one that admits more than its name says', async () => {
    const { cloud, boundaryId } = await connectedEc2()
    const observation = await cloud.observe(boundaryId('web'))
    const [rule] = opening().put
    const put = [{ ...rule!, name: 'theirs' }]
    await expect(cloud.apply(observation, { remove: [], put })).rejects.toThrow('cannot be written')
    const wide = [{ ...rule!, sources: ['0.0.0.0/0'] }]
    await expect(cloud.apply(observation, { remove: [], put: wide })).rejects.toThrow(
      'does not admit what its name says',
    )
    await expect(cloud.apply(observation, { remove: ['sg-1/sgr-1'], put: [] })).rejects.toThrow('not ours')
  })
})

describe('closing', () => {
  it('takes our rules away by their ids, and is done when they are gone already', async () => {
    const { cloud, boundaryId, simulator, passes } = await connectedEc2()
    await cloud.apply(await cloud.observe(boundaryId('web')), opening([`${home}/32`, `${elsewhere}/32`]))
    const open = await cloud.observe(boundaryId('web'))
    const remove = open.rules.map(({ name }) => name)
    const stolen = [...simulator.now.rules.values()].find(
      (rule) => 'cidr' in rule.peer && rule.peer.cidr === `${home}/32`,
    )
    simulator.removeRule(stolen?.id ?? '')
    await cloud.apply(open, { remove, put: [] })
    expect([passes('web'), passes('web', elsewhere)]).toEqual([false, false])
    await cloud.apply(open, { remove, put: [] })
    expect((await cloud.observe(boundaryId('web'))).rules).toEqual([])
  })

  it('takes away for sure what no reading shows yet', async () => {
    const { cloud, boundaryId, simulator, passes } = await connectedEc2()
    await cloud.apply(await cloud.observe(boundaryId('web')), opening([`${elsewhere}/32`]))
    const before = await cloud.observe(boundaryId('web'))
    simulator.settings.lagMs = 60_000
    // As another process would have written it, just before it died.
    await cloud.apply(before, { remove: [], put: opening().put })
    expect(passes('web')).toBe(true)
    await cloud.apply(before, besides({ unseen: opening().put }))
    expect(passes('web')).toBe(false)
    await cloud.apply(before, besides({ unseen: opening().put }))
    expect(passes('web', elsewhere)).toBe(true)
  })

  it('takes the group off and deletes it, and leaves the others on', async () => {
    const { cloud, boundaryId, simulator, instance, groupId } = await connectedEc2()
    await cloud.apply(await cloud.observe(boundaryId('web')), opening())
    await cloud.apply(await cloud.observe(boundaryId('web')), besides({ ours: 'DISSOLVE' }))
    const [interfaceId = ''] = instance('web').interfaceIds
    expect(simulator.now.interfaces.get(interfaceId)?.groupIds).toEqual([groupId('plain')])
    expect([...simulator.now.groups.values()].filter(({ name }) => name.startsWith('JitGateway'))).toEqual([])
  })

  it('leaves the group on when somebody took all others off meanwhile', async () => {
    const { cloud, boundaryId, simulator, instance } = await connectedEc2()
    await cloud.apply(await cloud.observe(boundaryId('web')), opening())
    const observation = await cloud.observe(boundaryId('web'))
    const [interfaceId = ''] = instance('web').interfaceIds
    const [, own = ''] = simulator.now.interfaces.get(interfaceId)?.groupIds ?? []
    simulator.wear(interfaceId, [own])
    await cloud.apply(observation, besides({ ours: 'DISSOLVE' }))
    expect(simulator.now.interfaces.get(interfaceId)?.groupIds).toEqual([own])
    expect((await cloud.observe(boundaryId('web'))).groups?.removable).toBe(false)
  })
})

describe('a reading that lags behind', () => {
  it('is waited for a while, so that what was written is seen', async () => {
    const { cloud, boundaryId, simulator } = await connectedEc2()
    simulator.settings.lagMs = 150
    await cloud.apply(await cloud.observe(boundaryId('web')), opening())
    const open = await cloud.observe(boundaryId('web'))
    expect(open).toMatchObject({ groups: { ours: 'WORN' }, rules: [{ sources: [`${home}/32`] }] })
    await cloud.apply(open, { remove: open.rules.map(({ name }) => name), put: [] })
    expect((await cloud.observe(boundaryId('web'))).rules).toEqual([])
  })

  it('is given as it is when it does not catch up', { timeout: 10_000 }, async () => {
    const { cloud, boundaryId, simulator } = await connectedEc2()
    simulator.settings.lagMs = 3_600_000
    await cloud.apply(await cloud.observe(boundaryId('web')), opening())
    expect(await cloud.observe(boundaryId('web'))).toMatchObject({ groups: { ours: 'NONE' }, rules: [] })
  })
})

describe('an interface of others that wears our group', () => {
  it('is named, so that nothing is opened there', async () => {
    const { cloud, boundaryId, simulator, instance } = await connectedEc2([
      { name: 'web', groups: ['plain'] },
      { name: 'other', groups: ['plain'] },
    ])
    await cloud.apply(await cloud.observe(boundaryId('web')), opening())
    const [own = '', theirs = ''] = [instance('web').interfaceIds[0], instance('other').interfaceIds[0]]
    simulator.wear(theirs, simulator.now.interfaces.get(own)?.groupIds ?? [])
    expect((await cloud.observe(boundaryId('web'))).groups?.strangers).toEqual([theirs])
  })
})
