import { describe, expect, it } from 'vitest'
import type { NatRule } from '../../../src/cloud/simulator/resource.ts'
import { handClock } from '../../support/clock.ts'
import { errorIn, firewallIn, natCollection, natRule, pageIn, type Reply } from './support/call.ts'
import { fwId, resourceGroup, simulated } from './support/simulated.ts'

const fw = { name: 'fw', publicAddresses: ['203.0.113.1', '203.0.113.2'] }
const firewalled = (options = {}, more = {}) => simulated([{ name: 'web' }], options, { ...fw, ...more })
const published = { nat: [{ name: 'https', port: 443, to: 'web', toPort: 8443 }] }

/** The body of a firewall with these collections in the place of those it has. */
const withNat = (shown: Reply, ...natRuleCollections: readonly object[]) => {
  const firewall = firewallIn(shown)
  return { ...firewall, properties: { ...firewall.properties, natRuleCollections } }
}
const names = (shown: Reply) =>
  firewallIn(shown).properties.natRuleCollections.map(({ name, properties }) => [
    name,
    ...properties.rules.map((rule) => rule.name),
  ])

describe('a firewall', () => {
  it('is answered alone and in lists, with its addresses, its place in the network, and its etag on every collection', async () => {
    const { arm, machine } = await firewalled({}, published)
    const shown = await arm.get(fwId)
    const { properties, etag, type } = firewallIn(shown)
    expect([shown.headers.etag, type]).toEqual([etag, 'Microsoft.Network/azureFirewalls'])
    const [first, second] = properties.ipConfigurations.map((each) => each.properties)
    const subnets = machine('web').subnetId.replace(/[^/]+$/, '')
    expect(first?.subnet?.id.toLowerCase()).toBe(`${subnets}azurefirewallsubnet`)
    expect(second?.subnet).toBeUndefined()
    expect(second?.publicIPAddress?.id).toBe(`${resourceGroup}/providers/Microsoft.Network/publicIPAddresses/fw-ip2`)
    expect(properties.natRuleCollections[0]).toMatchObject({
      etag,
      properties: { provisioningState: 'Succeeded', priority: 200 },
    })
    const list = await arm.get(`${resourceGroup}/providers/Microsoft.Network/azureFirewalls`)
    expect(pageIn(list).value).toEqual([shown.body])
  })

  it('can be written back as it is, and is the same then', async () => {
    const { arm } = await firewalled({}, published)
    const before = firewallIn(await arm.get(fwId))
    expect((await arm.put(fwId, before)).status).toBe(200)
    const after = firewallIn(await arm.get(fwId))
    const without = (shown: object): unknown =>
      JSON.parse(JSON.stringify(shown).replaceAll(/W\/\\"[0-9a-f-]+\\"/g, 'etag'))
    expect(without(after)).toEqual(without(before))
  })

  it('is changed as a whole: what is not named is gone, what only later api-versions know is kept', async () => {
    const { arm } = await firewalled({}, published)
    const body = withNat(await arm.get(fwId), natCollection('ours', 100, natRule('ssh', { later: { deep: [1] } })))
    const written = await arm.put(fwId, { ...body, properties: { ...body.properties, laterStill: [{ a: null }] } })
    expect([written.status, firewallIn(written).properties.provisioningState]).toEqual([200, 'Succeeded'])
    const shown = await arm.get(fwId)
    expect(names(shown)).toEqual([['ours', 'ssh']])
    expect(shown.body).toMatchObject({ properties: { laterStill: [{ a: null }], sku: { name: 'AZFW_VNet' } } })
    expect(firewallIn(shown).properties.natRuleCollections[0]?.properties.rules[0]).toMatchObject({
      later: { deep: [1] },
    })
    expect(firewallIn(shown).etag).not.toBe(body.etag)
  })

  it('is not made where there is none: that takes a network', async () => {
    const { arm } = await firewalled()
    const other = await arm.put(`${fwId}2`, withNat(await arm.get(fwId)))
    expect([other.status, errorIn(other).code]).toEqual([404, 'ResourceNotFound'])
  })

  it('refuses a write that names an older etag, in the words of Azure', async () => {
    const { arm, simulator } = await firewalled()
    const shown = await arm.get(fwId)
    simulator.editFirewall(fwId, (firewall) => {
      firewall.tags = { by: 'somebody else' }
    })
    const refused = await arm.put(fwId, withNat(shown, natCollection('ours', 100, natRule('ssh'))), {
      'If-Match': firewallIn(shown).etag ?? '',
    })
    expect([refused.status, errorIn(refused).details?.[0]?.code]).toEqual([412, 'PreconditionFailedEtagMismatch'])
    expect(firewallIn(await arm.get(fwId)).tags).toEqual({ by: 'somebody else' })
  })

  it('takes minutes to be written, by the clock, and no other write meanwhile', async () => {
    const clock = handClock()
    const { arm, simulator } = await firewalled({ clock, operationMs: 10, firewallOperationMs: 240_000 })
    const body = withNat(await arm.get(fwId), natCollection('ours', 100, natRule('ssh')))
    const written = await arm.put(fwId, body)
    expect(firewallIn(written).properties.provisioningState).toBe('Updating')
    await clock.advance(239_000)
    expect((await arm.poll(written)).body).toEqual({ status: 'InProgress' })
    const second = await arm.put(fwId, body)
    expect([second.status, errorIn(second).code]).toEqual([409, 'AnotherOperationInProgress'])
    expect(simulator.packetArrives(packet).passes).toBe(false)
    await clock.advance(1_000)
    expect((await arm.poll(written)).body).toEqual({ status: 'Succeeded' })
    expect(simulator.packetArrives(packet).stoppedBy?.rule).not.toBeNull()
  })

  it('is told of in the log of writes', async () => {
    const { arm, simulator } = await firewalled({}, published)
    await arm.put(fwId, withNat(await arm.get(fwId), natCollection('ours', 100, natRule('ssh'))))
    expect(simulator.writes).toMatchObject([
      {
        method: 'PUT',
        resourceId: fwId.toLowerCase(),
        status: 200,
        ruleNamesAdded: ['ssh'],
        ruleNamesRemoved: ['https'],
      },
    ])
  })
})

const packet = { address: '203.0.113.1', port: 2022, source: '203.0.113.7', protocol: 'TCP' } as const

describe('a firewall refuses', () => {
  const rules: readonly (readonly [string, Partial<NatRule>, string])[] = [
    [
      'an address that is not its own',
      { destinationAddresses: ['203.0.113.3'] },
      'AzureFirewallRuleInvalidDnatDestination',
    ],
    ['several ports', { destinationPorts: ['1', '2'] }, 'AzureFirewallRuleInvalidDnatPortOrRangeFormat'],
    ['a range of ports', { destinationPorts: ['20-22'] }, 'AzureFirewallRuleInvalidDnatPortOrRangeFormat'],
    ['every translated port', { translatedPort: '*' }, 'AzureFirewallRuleInvalidDnatPortOrRangeFormat'],
    ['a source of IPv6', { sourceAddresses: ['2001:db8::/32'] }, 'AzureFirewallRuleInvalidIpAddress'],
    ['a source with host bits', { sourceAddresses: ['203.0.113.7/24'] }, 'AzureFirewallRuleInvalidIpAddress'],
    ['no source', { sourceAddresses: [] }, 'AzureFirewallRuleMissingSource'],
    ['ICMP', { protocols: ['ICMP'] }, 'AzureFirewallRuleInvalidProtocol'],
    ['nowhere to send it', { translatedAddress: 'web' }, 'AzureFirewallRuleInvalidTranslatedAddress'],
  ]
  it.each(rules)('a NAT rule with %s', async (_, given, code) => {
    const { arm } = await firewalled()
    const shown = await arm.get(fwId)
    const refused = await arm.put(fwId, withNat(shown, natCollection('ours', 100, natRule('ssh', given))))
    expect([refused.status, errorIn(refused).code]).toEqual([400, code])
    expect(await arm.get(fwId)).toMatchObject({ body: shown.body })
  })

  const ssh = natRule('ssh')
  const collections: readonly (readonly [string, readonly object[], string])[] = [
    [
      'of one priority',
      [natCollection('a', 100, ssh), natCollection('b', 100, ssh)],
      'AzureFirewallRuleCollectionPriorityConflict',
    ],
    ['of one name', [natCollection('a', 100, ssh), natCollection('A', 101, ssh)], 'DuplicateResourceName'],
    ['of a priority too low', [natCollection('a', 99, ssh)], 'AzureFirewallRuleCollectionInvalidPriority'],
    ['without rules', [natCollection('a', 100)], 'AzureFirewallRuleCollectionEmpty'],
    ['with two rules of one name', [natCollection('a', 100, ssh, ssh)], 'AzureFirewallRuleDuplicateName'],
    ['with a name of blanks', [natCollection('a b', 100, ssh)], 'InvalidResourceName'],
  ]
  it.each(collections)('collections %s', async (_, given, code) => {
    const { arm } = await firewalled()
    const refused = await arm.put(fwId, withNat(await arm.get(fwId), ...given))
    expect([refused.status, errorIn(refused).code]).toEqual([400, code])
  })

  it('more endpoints than 250, its public addresses counted, each as often as it has protocols', async () => {
    const { arm } = await firewalled()
    const shown = await arm.get(fwId)
    const rulesOf = (count: number) =>
      Array.from({ length: count }, (_, n) =>
        natRule(`r${String(n)}`, { destinationPorts: [String(2_000 + n)], protocols: ['TCP', 'UDP'] }),
      )
    expect((await arm.put(fwId, withNat(shown, natCollection('a', 100, ...rulesOf(124))))).status).toBe(200)
    // Another source at an endpoint that is there takes no more.
    const shared = natRule('more', { destinationPorts: ['2000'], sourceAddresses: ['192.0.2.1'] })
    expect((await arm.put(fwId, withNat(shown, natCollection('a', 100, shared, ...rulesOf(124))))).status).toBe(200)
    const refused = await arm.put(fwId, withNat(shown, natCollection('a', 100, ...rulesOf(125))))
    expect(errorIn(refused).code).toBe('AzureFirewallDnatRulesLimitReached')
  })

  it('rules of its own when a policy manages it', async () => {
    const { arm } = await firewalled({}, { policy: 'fwp' })
    const shown = await arm.get(fwId)
    expect((await arm.put(fwId, shown.body)).status).toBe(200)
    const refused = await arm.put(fwId, withNat(shown, natCollection('a', 100, natRule('ssh'))))
    expect(refused.status).toBe(400)
  })
})
