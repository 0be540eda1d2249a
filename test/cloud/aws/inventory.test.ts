import { describe, expect, it } from 'vitest'
import type { InventoryPage } from '../../../src/cloud/port.ts'
import { accountId } from '../../support/ec2-estate.ts'
import { besides, connectedEc2, opening, refusal } from './support/connected.ts'

/** Everything of one kind, of all pages. */
const ofKind = <Kind extends InventoryPage['kind']>(pages: readonly InventoryPage[], kind: Kind) =>
  pages.flatMap((page) => (page.kind === kind ? [...page.items] : [])) as Extract<
    InventoryPage,
    { kind: Kind }
  >['items'][number][]

describe('the inventory of an account', () => {
  it('has its instances as machines, each interface with its addresses and its groups', async () => {
    const { cloud, instance, vmId, boundaryId } = await connectedEc2([
      { name: 'web', groups: ['ssh'], ipv6: true, publicAddress: '203.0.113.50', tags: { team: 'shop' } },
      { name: 'db', os: 'Windows', interfaces: 2, state: 'stopped' },
    ])
    const pages = await Array.fromAsync(cloud.inventory(accountId))
    const place = `eu-west-1/${instance('web').vpcId}`
    expect(ofKind(pages, 'virtualMachines')).toEqual(
      expect.arrayContaining([
        {
          id: vmId('web'),
          name: 'web',
          resourceGroup: place,
          location: 'eu-west-1',
          classic: false,
          os: 'LINUX',
          adminUserName: null,
          power: 'RUNNING',
          tags: { Name: 'web', team: 'shop' },
          interfaces: [{ id: boundaryId('web'), primary: true }],
        },
        expect.objectContaining({
          name: 'db',
          os: 'WINDOWS',
          power: 'STOPPED',
          interfaces: [
            { id: boundaryId('db'), primary: true },
            { id: boundaryId('db', 1), primary: false },
          ],
        }),
      ]),
    )
    expect(ofKind(pages, 'interfaces')).toContainEqual({
      id: boundaryId('web'),
      boundaryId: boundaryId('web'),
      configurations: [
        {
          address: instance('web').addresses[0],
          subnetId: expect.stringMatching(/^\/aws\/123456789012\/eu-west-1\/vpc-\w+\/subnets\/subnet-/),
          publicAddressId: `${boundaryId('web')}/public-addresses/0`,
        },
        { address: instance('web').addresses[1], subnetId: expect.any(String), publicAddressId: null },
      ],
    })
    expect(ofKind(pages, 'publicAddresses')).toEqual([
      { id: `${boundaryId('web')}/public-addresses/0`, address: '203.0.113.50' },
    ])
    expect(ofKind(pages, 'boundaries')).toContainEqual(
      expect.objectContaining({
        boundaryId: boundaryId('web'),
        kind: 'SECURITY_GROUP',
        name: instance('web').interfaceIds[0],
      }),
    )
  })

  it('shows of each interface what a reading of it alone shows', async () => {
    const { cloud, boundaryId } = await connectedEc2([{ name: 'web', groups: ['ssh', 'plain'] }])
    await cloud.apply(await cloud.observe(boundaryId('web')), opening())
    const [found] = ofKind(await Array.fromAsync(cloud.inventory(accountId)), 'boundaries')
    const observed = await cloud.observe(boundaryId('web'))
    expect(found).toMatchObject({ etag: observed.etag, ruleCount: observed.ruleCount, groups: observed.groups })
    expect(found?.rules.map(({ name }) => name).toSorted()).toEqual(observed.rules.map(({ name }) => name).toSorted())
  })

  it('is complete over many pages, and says twice nothing that comes between', async () => {
    const names = Array.from({ length: 23 }, (_, index) => `web-${String(index)}`)
    const { cloud, simulator, vmId } = await connectedEc2(names.map((name) => ({ name, groups: ['ssh'] })))
    simulator.settings.pageSize = 5
    const machines: string[] = []
    for await (const page of cloud.inventory(accountId)) {
      if (page.kind !== 'virtualMachines') continue
      machines.push(...page.items.map(({ id }) => id))
      const [first] = names
      if (machines.length === 5)
        simulator.terminate(
          vmId(first ?? '')
            .split('/')
            .at(-1) ?? '',
        )
    }
    expect(new Set(machines).size).toBe(machines.length)
    expect(machines.toSorted()).toEqual(expect.arrayContaining(names.slice(1).map(vmId)))
  })

  it('has what is left of ours when its interface is gone, so that it is tidied up', async () => {
    const { cloud, boundaryId, simulator, instance } = await connectedEc2()
    await cloud.apply(await cloud.observe(boundaryId('web')), opening())
    simulator.terminate(instance('web').instanceId)
    const pages = await Array.fromAsync(cloud.inventory(accountId))
    expect(ofKind(pages, 'virtualMachines')).toEqual([])
    const [left] = ofKind(pages, 'boundaries')
    expect(left).toMatchObject({ boundaryId: boundaryId('web'), groups: { ours: 'IDLE', removable: true } })
    await cloud.apply(await cloud.observe(boundaryId('web')), besides({ ours: 'DISSOLVE' }))
    expect(ofKind(await Array.fromAsync(cloud.inventory(accountId)), 'boundaries')).toEqual([])
  })

  it('is read in the regions that are switched on, or in those that are configured', async () => {
    const { simulator, cloud } = await connectedEc2(undefined, {}, { regions: [] })
    await Array.fromAsync(cloud.inventory(accountId))
    expect(simulator.calls).toMatchObject({ DescribeRegions: { total: 1 }, DescribeInstances: { total: 1 } })
    const elsewhere = await connectedEc2(undefined, {}, { regions: ['us-east-1', 'eu-west-1'] })
    const pages = await Array.fromAsync(elsewhere.cloud.inventory(accountId))
    expect(elsewhere.simulator.calls).toMatchObject({ DescribeInstances: { total: 2 } })
    expect(elsewhere.simulator.calls['DescribeRegions']).toBeUndefined()
    expect(ofKind(pages, 'virtualMachines')).toHaveLength(1)
  })

  it('fails as a whole when a part of it is refused', async () => {
    const { simulator, cloud } = await connectedEc2()
    simulator.misbehave.forbid({ action: 'DescribeSecurityGroupRules' })
    const refused = await refusal(Array.fromAsync(cloud.inventory(accountId)))
    expect(refused.kind).toBe('FORBIDDEN')
    expect(refused.message).toContain('ec2:DescribeSecurityGroupRules')
  })
})
