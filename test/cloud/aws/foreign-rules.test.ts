import { describe, expect, it } from 'vitest'
import { foreignName, placeOf, type GroupRule } from '../../../src/firewall/security-group/group-rule.ts'
import { besides, connectedEc2, refusal } from './support/connected.ts'

const openGroups = {
  'pl-0a1b2c3d': ['198.51.100.0/24'],
}
const all = {
  prefixLists: openGroups,
  groups: {
    open: [
      { port: 22, description: 'SSH for all', tags: { owner: 'nobody', 'cost:center': '7' } },
      { port: 22, from: '::/0' },
      { port: 22, from: 'pl-0a1b2c3d', description: 'the office' },
      { port: 22, from: 'bastion' },
      { protocol: 'udp', port: [500, 510] as const, from: '10.0.0.0/8' },
      { protocol: 'icmp', from: '10.0.0.0/8' },
      { protocol: '-1', from: '192.0.2.0/24' },
      { protocol: '47', from: '192.0.2.0/24' },
    ],
    bastion: [],
  },
}

/** What the rules say, apart from the ids that EC2 gives them. */
const said = (rules: readonly GroupRule[] = []) =>
  rules.map((rule) => ({ ...rule, ruleId: '' })).toSorted((left, right) => (placeOf(left) < placeOf(right) ? -1 : 1))

describe('foreign rules', () => {
  it('come back exactly as they were, of whatever form they are', async () => {
    const { cloud, boundaryId } = await connectedEc2([{ name: 'web', groups: ['open'] }], all)
    const before = await cloud.observe(boundaryId('web'))
    const taken = before.groups?.foreign ?? []
    expect(taken).toHaveLength(8)
    expect(await cloud.apply(before, besides({ take: taken }))).toMatchObject({ left: [] })
    const without = await cloud.observe(boundaryId('web'))
    expect(without.rules).toEqual([])
    await cloud.apply(without, besides({ giveBack: taken }))
    expect(said((await cloud.observe(boundaryId('web'))).groups?.foreign)).toEqual(said(taken))
  })

  it('are left where the group is worn by others, who are told in the reason', async () => {
    const { cloud, boundaryId, passes } = await connectedEc2([
      { name: 'web', groups: ['ssh'] },
      { name: 'other', groups: ['ssh'] },
    ])
    const observation = await cloud.observe(boundaryId('web'))
    const take = observation.groups?.foreign ?? []
    const { left } = await cloud.apply(observation, besides({ take }))
    expect(left).toMatchObject([{ rule: take[0], fault: { code: 'GROUP_SHARED' } }])
    expect([passes('web'), passes('other')]).toEqual([true, true])
  })

  it('are left where a service of AWS wears the group, which is no machine at all', async () => {
    const { cloud, boundaryId, passes } = await connectedEc2([{ name: 'web', groups: ['ssh'] }], {
      services: [{ name: 'balancer', groups: ['ssh'] }],
    })
    const observation = await cloud.observe(boundaryId('web'))
    const { left } = await cloud.apply(observation, besides({ take: observation.groups?.foreign ?? [] }))
    expect(left).toHaveLength(1)
    expect(passes('web')).toBe(true)
  })

  it('are taken from a group that several interfaces of the one machine wear', async () => {
    const { cloud, boundaryId, passes } = await connectedEc2([{ name: 'web', groups: ['ssh'], interfaces: 2 }])
    const observation = await cloud.observe(boundaryId('web'))
    expect(await cloud.apply(observation, besides({ take: observation.groups?.foreign ?? [] }))).toMatchObject({
      left: [],
    })
    expect(passes('web')).toBe(false)
  })

  it('are not taken when somebody changed them meanwhile: a rule keeps its id', async () => {
    const { cloud, boundaryId, simulator } = await connectedEc2([{ name: 'web', groups: ['ssh'] }])
    const observation = await cloud.observe(boundaryId('web'))
    const take = observation.groups?.foreign ?? []
    const rule = simulator.now.rules.get(take[0]?.ruleId ?? '')
    simulator.putRule({ ...rule!, fromPort: 80, toPort: 443 })
    expect(await refusal(cloud.apply(observation, besides({ take })))).toMatchObject({ kind: 'CONFLICT' })
    expect(simulator.now.rules.get(rule!.id)).toMatchObject({ fromPort: 80 })
  })

  it('that somebody else wrote again are no fault, and those that cannot be are told of', async () => {
    const { cloud, boundaryId, simulator, groupId } = await connectedEc2([{ name: 'web', groups: ['ssh', 'plain'] }])
    const observation = await cloud.observe(boundaryId('web'))
    const giveBack = observation.groups?.foreign ?? []
    expect(await cloud.apply(observation, besides({ giveBack }))).toMatchObject({ left: [] })
    await cloud.apply(observation, besides({ take: giveBack }))
    simulator.removeGroup(groupId('ssh'))
    const { left } = await cloud.apply(await cloud.observe(boundaryId('web')), besides({ giveBack }))
    expect(left).toMatchObject([{ rule: giveBack[0], fault: { code: 'InvalidGroup.NotFound' } }])
    expect(foreignName(giveBack[0]!)).toContain(groupId('ssh'))
  })
})
