import { describe, expect, it } from 'vitest'
import { readInterface, readMachine, readPower } from '../../../src/cloud/azure/map-inventory.ts'
import type { InventoryPage } from '../../../src/cloud/port.ts'
import { classicMachine } from '../../../src/cloud/simulator/estate/machine-shapes.ts'
import { jitPolicyAssignment } from '../../../src/cloud/simulator/estate/policy-shapes.ts'
import type { MachineSketch } from '../../../src/cloud/simulator/estate/sketch.ts'
import { sshForAll, subscriptionId } from '../../support/cloud-estate.ts'
import { json, serveBare } from './support/bare-server.ts'
import { allPages, connected, refusalOf } from './support/connected.ts'

const machines: readonly MachineSketch[] = [
  {
    name: 'web',
    nsgs: 'both',
    nics: 2,
    ipv6: true,
    publicAddress: '198.51.100.9',
    tags: { Env: 'prod' },
    rules: sshForAll,
  },
  { name: 'Db', os: 'Windows', power: 'deallocated', publicAddress: null },
  { name: 'bare', nsgs: 'none', power: 'stopped' },
]
const place = { subscriptionId, resourceGroup: 'rg-shop', location: 'westeurope' }
const old = classicMachine(place, 'old', 'Windows')

type Kind = InventoryPage['kind']
function itemsOf<K extends Kind>(pages: readonly InventoryPage[], kind: K) {
  const found = pages.filter((page): page is Extract<InventoryPage, { kind: K }> => page.kind === kind)
  return found.flatMap((page) => [...page.items] as Extract<InventoryPage, { kind: K }>['items'][number][])
}

describe('an inventory', () => {
  it('has the machines with their system, power, tags and interfaces, and those of the classic model', async () => {
    const { cloud, simulator, machine } = await connected(machines)
    simulator.add(old)
    const found = itemsOf(await allPages(cloud.inventory(subscriptionId)), 'virtualMachines')
    const [web, db] = [machine('web'), machine('Db')]
    expect(found).toHaveLength(4)
    expect(found).toContainEqual({
      id: web.vmId,
      name: 'web',
      resourceGroup: 'rg-shop',
      location: 'westeurope',
      classic: false,
      os: 'LINUX',
      adminUserName: 'azureadmin',
      power: 'RUNNING',
      tags: { Env: 'prod' },
      interfaces: web.nicIds.map((id, index) => ({ id, primary: index === 0 })),
    })
    expect(found.find(({ id }) => id === db.vmId)).toMatchObject({ name: 'Db', os: 'WINDOWS', power: 'DEALLOCATED' })
    expect(found.find(({ name }) => name === 'bare')).toMatchObject({ power: 'STOPPED' })
    expect(found.find(({ classic }) => classic)).toEqual({
      id: old.id.toLowerCase(),
      name: 'old',
      resourceGroup: 'rg-shop',
      location: 'westeurope',
      classic: true,
      os: 'WINDOWS',
      adminUserName: null,
      power: 'RUNNING',
      tags: {},
      interfaces: [],
    })
  })

  it('has what Azure Policy says of just-in-time access, at the subscription, around it and below it', async () => {
    const { cloud, simulator } = await connected(machines)
    const subscription = `/subscriptions/${subscriptionId}`
    const group = `${subscription}/resourceGroups/rg-shop`
    const benchmark = (value: string) => ({
      ...jitPolicyAssignment(subscription, { effect: 'Disabled' }),
      id: `${subscription}/providers/Microsoft.Authorization/policyAssignments/SecurityCenterBuiltIn`,
      properties: {
        scope: '/providers/Microsoft.Management/managementGroups/root',
        policyDefinitionId:
          '/providers/Microsoft.Authorization/policySetDefinitions/1f3afdf9-d0c9-4c3d-847f-89da613e70a8',
        parameters: { jitNetworkAccessMonitoringEffect: { value } },
      },
    })
    const other = {
      ...benchmark('Disabled'),
      id: `${subscription}/providers/Microsoft.Authorization/policyAssignments/other`,
      properties: { scope: subscription, policyDefinitionId: '/x/y', parameters: { effect: { value: 'Disabled' } } },
    }
    simulator.add(
      jitPolicyAssignment(subscription, { effect: 'Disabled', notScopes: [group] }),
      jitPolicyAssignment(group, { effect: 'AuditIfNotExists' }),
      benchmark('AuditIfNotExists'),
      other,
    )
    const found = itemsOf(await allPages(cloud.inventory(subscriptionId)), 'jitRulings')
    expect(found.map(({ scope, exceptScopes, allowed }) => ({ scope, exceptScopes, allowed }))).toEqual(
      expect.arrayContaining([
        { scope: subscription, exceptScopes: [group.toLowerCase()], allowed: false },
        { scope: group.toLowerCase(), exceptScopes: [], allowed: true },
        { scope: '/', exceptScopes: [], allowed: true },
      ]),
    )
    expect(found).toHaveLength(3)
    expect(new Set(found.map(({ id }) => id)).size).toBe(3)
  })

  it('has the interfaces with their addresses of both families, their subnet, group and public address', async () => {
    const { cloud, simulator, machine } = await connected(machines)
    const pages = await allPages(cloud.inventory(subscriptionId))
    const { nicIds, nicNsgIds, addresses, subnetId } = machine('web')
    const first = itemsOf(pages, 'interfaces').find(({ id }) => id === nicIds[0])
    expect(first?.boundaryId).toBe(nicNsgIds[0])
    expect(first?.configurations.map(({ address }) => address)).toEqual(addresses)
    expect(first?.configurations.map((each) => each.subnetId)).toEqual([subnetId, subnetId])
    const publicAddressId = first?.configurations[0]?.publicAddressId
    const all = itemsOf(pages, 'publicAddresses')
    expect(all.find(({ id }) => id === publicAddressId)?.address).toBe('198.51.100.9')
    expect(new Set(all.map(({ address }) => address))).toEqual(new Set(['198.51.100.9', null]))
    expect(itemsOf(pages, 'interfaces')).toHaveLength(simulator.readAll('Microsoft.Network/networkInterfaces').length)
  })

  it('has the subnets and the groups, with what a reading of each group would show', async () => {
    const { cloud, machine } = await connected(machines)
    const pages = await allPages(cloud.inventory(subscriptionId))
    const { subnetId, subnetNsgId } = machine('web')
    const prefixes = [expect.stringMatching(/^10\.0\.\d+\.\d+\/28$/), expect.stringMatching(/^fd00:.*\/64$/)]
    expect(itemsOf(pages, 'subnets')).toContainEqual({ id: subnetId, boundaryId: subnetNsgId, prefixes })
    const bare = { id: machine('bare').subnetId, boundaryId: null, prefixes: prefixes.slice(0, 1) }
    expect(itemsOf(pages, 'subnets')).toContainEqual(bare)
    const group = itemsOf(pages, 'boundaries').find(({ boundaryId }) => boundaryId === subnetNsgId)
    expect(group).toMatchObject({ resourceGroup: 'rg-shop', location: 'westeurope' })
    expect(group).toMatchObject(await cloud.observe(subnetNsgId ?? ''))
  })

  it('has the firewalls, with their rules, where each stands, and whether a policy keeps its rules', async () => {
    const firewall = { name: 'fw', publicAddresses: ['203.0.113.1', '203.0.113.2'] }
    const nat = [{ name: 'https', port: 443, to: 'web', toPort: 8443 }]
    const { cloud, machine } = await connected(machines, { firewall: { ...firewall, nat } })
    const pages = await allPages(cloud.inventory(subscriptionId))
    const { firewallId, subnetId } = machine('web')
    const found = itemsOf(pages, 'boundaries').find(({ boundaryId }) => boundaryId === firewallId)
    const addressOf = new Map(itemsOf(pages, 'publicAddresses').map(({ id, address }) => [id, address]))
    expect(found).toMatchObject({ ...(await cloud.observe(firewallId ?? '')), kind: 'AZURE_FIREWALL', name: 'fw' })
    expect(found?.rules.map(({ name }) => name)).toEqual(['published/https'])
    expect(found?.gate?.publicAddressIds.map((id) => addressOf.get(id))).toEqual(firewall.publicAddresses)
    expect(found?.gate?.subnetId).toBe(subnetId.replace(/[^/]+$/, 'azurefirewallsubnet'))
    expect(found?.gate?.managedByPolicy).toBe(false)
    const subnet = itemsOf(pages, 'subnets').find(({ id }) => id === found?.gate?.subnetId)
    expect(subnet?.prefixes).toEqual([expect.stringMatching(/\/26$/)])

    const managed = await connected(machines, { firewall: { ...firewall, policy: 'fwp' } })
    const others = itemsOf(await allPages(managed.cloud.inventory(subscriptionId)), 'boundaries')
    expect(others.find(({ kind }) => kind === 'AZURE_FIREWALL')?.gate?.managedByPolicy).toBe(true)
  })

  it('is the same in pages of one, in whatever case the cloud spells ids', async () => {
    const { cloud, simulator } = await connected(machines)
    simulator.add(old)
    const whole = await allPages(cloud.inventory(subscriptionId))
    simulator.settings.pageSize = 1
    simulator.settings.idCase = 'upper'
    const paged = await allPages(cloud.inventory(subscriptionId))
    expect(paged.length).toBeGreaterThan(whole.length)
    for (const kind of ['virtualMachines', 'interfaces', 'publicAddresses', 'subnets'] as const) {
      const plain = (pages: readonly InventoryPage[]) => JSON.stringify(itemsOf(pages, kind)).toLowerCase()
      expect(plain(paged)).toBe(plain(whole))
    }
    const ids = (pages: readonly InventoryPage[]) => itemsOf(pages, 'boundaries').map(({ boundaryId }) => boundaryId)
    expect(ids(paged)).toEqual(ids(whole))
    expect(JSON.stringify(itemsOf(paged, 'interfaces'))).not.toMatch(/RG-SHOP/)
  })

  it('asks for a page only when the one before was taken', async () => {
    const { cloud, simulator } = await connected(machines)
    simulator.settings.pageSize = 1
    const pages = cloud.inventory(subscriptionId)[Symbol.asyncIterator]()
    await pages.next()
    await pages.next()
    expect(simulator.requests.lists).toBe(2)
  })

  it('fails as a whole when a list is refused, on its first page or a later one', async () => {
    const { cloud, simulator } = await connected(machines)
    simulator.settings.pageSize = 1
    simulator.misbehave.throttle('arm', 5, { path: /networkinterfaces$/ })
    const refusal = await refusalOf(allPages(cloud.inventory(subscriptionId)))
    expect(refusal).toMatchObject({ kind: 'THROTTLED', retryAfterMs: 5_000 })
    simulator.misbehave.stop()
    const pages = cloud.inventory(subscriptionId)[Symbol.asyncIterator]()
    await pages.next()
    simulator.misbehave.refuse(500)
    expect((await refusalOf(pages.next())).kind).toBe('UNAVAILABLE')
  })

  it('ends when it is of no use any more', async () => {
    const { cloud } = await connected(machines)
    const lost = new AbortController()
    const pages = cloud.inventory(subscriptionId, lost.signal)[Symbol.asyncIterator]()
    await pages.next()
    lost.abort()
    expect((await refusalOf(pages.next())).code).toBe('Aborted')
  })

  it('never takes the token to the host that a list names for its next page', async () => {
    const other = await serveBare((_, response) => {
      json(response, 200, { value: [] })
    })
    const server = await serveBare((_, response) => {
      json(response, 200, { value: [], nextLink: `${other.endpoint}/next` })
    })
    const refusal = await refusalOf(allPages((await server.connect()).inventory(subscriptionId)))
    expect(refusal.code).toBe('StrangeAddress')
    expect(other.calls).toEqual([])
  })
})

describe('an inventory that is refused for want of permissions', () => {
  const path = (type: string) => ({ path: new RegExp(`/providers/${type}$`, 'i') })

  it('names all of them at once, and reads no more than a page of what is permitted', async () => {
    const { cloud, simulator } = await connected(machines)
    simulator.settings.pageSize = 1
    for (const type of ['Microsoft.Network/publicIPAddresses', 'Microsoft.Compute/virtualMachines'])
      simulator.misbehave.forbid('AuthorizationFailed', path(type))
    const before = simulator.requests.total
    const refusal = await refusalOf(allPages(cloud.inventory(subscriptionId)))
    expect(refusal).toMatchObject({ kind: 'FORBIDDEN', code: 'AuthorizationFailed' })
    expect(refusal.missingPermissions.map((action) => action.toLowerCase())).toEqual([
      'microsoft.network/publicipaddresses/read',
      'microsoft.compute/virtualmachines/read',
    ])
    for (const action of refusal.missingPermissions) expect(refusal.message).toContain(action)
    // Groups and networks page by page, then one call for each of the other lists.
    expect(simulator.requests.total - before).toBeLessThan(12)
  })

  it('fails at once for any other reason', async () => {
    const { cloud, simulator } = await connected(machines)
    simulator.misbehave.refuse(403, { code: 'RequestDisallowedByPolicy' }, path('Microsoft.Network/networkInterfaces'))
    const refusal = await refusalOf(allPages(cloud.inventory(subscriptionId)))
    expect(refusal).toMatchObject({ code: 'RequestDisallowedByPolicy', missingPermissions: [] })
  })
})

describe.each([
  ['machines of the classic model', /classiccompute/],
  ['assignments of policies', /policyassignments/],
])('%s', (_what, list) => {
  it.each([
    [404, 'InvalidResourceNamespace'],
    [404, 'InvalidResourceType'],
    [409, 'MissingSubscriptionRegistration'],
    [403, 'AuthorizationFailed'],
  ])('are none where their list is refused with %i %s', async (status, code) => {
    const { cloud, simulator } = await connected(machines)
    simulator.misbehave.refuse(status, { code }, { path: list })
    expect(itemsOf(await allPages(cloud.inventory(subscriptionId)), 'virtualMachines')).toHaveLength(3)
  })

  it.each([
    [500, 'InternalServerError'],
    [429, 'SubscriptionRequestsThrottled'],
    [404, 'NobodyKnows'],
  ])('are not known where it is refused with %i %s', async (status, code) => {
    const { cloud, simulator } = await connected(machines)
    simulator.misbehave.refuse(status, { code }, { path: list })
    await refusalOf(allPages(cloud.inventory(subscriptionId)))
  })
})

describe('machines of the classic model', () => {
  it('are not known either when only a later page of them is refused', async () => {
    const { cloud, simulator } = await connected(machines)
    simulator.add(old, classicMachine(place, 'older', 'Linux'))
    simulator.settings.pageSize = 1
    const pages = cloud.inventory(subscriptionId)[Symbol.asyncIterator]()
    const next = async () => {
      const { value } = await pages.next()
      return value
    }
    const isClassic = (page: InventoryPage | undefined) =>
      page?.kind === 'virtualMachines' && page.items.some((item) => item.classic)
    while (!isClassic(await next()));
    simulator.misbehave.forbid('AuthorizationFailed', { path: /classiccompute/ })
    expect((await refusalOf(next())).kind).toBe('FORBIDDEN')
  })
})

describe('a resource with little in it', () => {
  it('is read as far as it goes', () => {
    expect(readMachine({ id: '/S/a/resourceGroups/RG/x/VM' }, null)).toMatchObject({
      os: null,
      adminUserName: null,
      power: 'UNKNOWN',
    })
    expect(readInterface({ id: '/NIC' })).toEqual({ id: '/nic', boundaryId: null, configurations: [] })
  })

  it('such as a machine with one interface need not say that it is the primary one', () => {
    const one = { properties: { networkProfile: { networkInterfaces: [{ id: '/NIC' }] } } }
    expect(readMachine(one, 'RUNNING').interfaces).toEqual([{ id: '/nic', primary: true }])
  })

  it.each([
    ['PowerState/running', 'RUNNING'],
    ['powerstate/Deallocating', 'STOPPING'],
    ['PowerState/hibernated', 'UNKNOWN'],
    ['ProvisioningState/succeeded', null],
  ])('such as a status %s is read as %s', (code, power) => {
    expect(readPower({ properties: { instanceView: { statuses: [{ code }] } } })).toBe(power)
  })

  it('such as an interface shows its primary address first', () => {
    const ipConfigurations = [
      { properties: { privateIPAddress: '10.0.0.5' } },
      { properties: { privateIPAddress: '10.0.0.4', primary: true } },
    ]
    const { configurations } = readInterface({ id: '/nic', properties: { ipConfigurations } })
    expect(configurations.map(({ address }) => address)).toEqual(['10.0.0.4', '10.0.0.5'])
  })
})
