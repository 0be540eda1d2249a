import { describe, expect, it, vi } from 'vitest'
import { jitPolicyAssignment } from '../../src/cloud/simulator/estate/policy-shapes.ts'
import { securityRule } from '../../src/cloud/simulator/estate/rule-sketch.ts'
import { globalId } from '../../src/graphql/global-id.ts'
import { smallEstate, sshForAll, subscriptionId } from '../support/cloud-estate.ts'
import { story } from './support/client.ts'
import { useWholeGateway } from './support/whole-gateway.ts'

const { estate, machine } = smallEstate([
  { name: 'web', nsgs: 'both', rules: sshForAll, tags: { Tier: 'front' }, publicAddress: '198.51.100.9' },
  { name: 'db', tags: { tier: 'data' } },
  { name: 'stuck', rules: [{ name: 'allow-any-ssh', priority: 100, ports: '22' }] },
  { name: 'bare', nsgs: 'none' },
])
const gateway = useWholeGateway(estate)

const id = (name: string) => globalId('VirtualMachine', machine(name).vmId)
const account = globalId('Account', subscriptionId)
const within = { timeout: 15_000, interval: 20 }
const syncNow = () => gateway.ada.ask(story('sync-account'), { account })

/** The nodes of a list once they are as expected. */
async function listed(name: string, variables: object, expected: unknown): Promise<void> {
  await vi.waitFor(async () => {
    const { virtualMachines } = await gateway.ada.ask(story(name), variables)
    expect(virtualMachines.nodes).toEqual(expected)
  }, within)
}
const named = (name: string, more: object = {}) => expect.objectContaining({ name, ...more })

/** The facts about exposures of a machine, the latest first. */
async function exposureFacts(name: string) {
  const { virtualMachine } = await gateway.ada.ask(
    `query ($id: ID!) { virtualMachine(id: $id) { activity(first: 50, filter: { kinds: [EXPOSURE_FOUND, EXPOSURE_CLEARED] }) {
      nodes { kind ... on ExposureActivity { port ruleName guarded } } } } }`,
    { id: id(name) },
  )
  return virtualMachine.activity.nodes
}

describe('the three lists', () => {
  it('come to hold every machine of the cloud, with their lengths', async () => {
    await listed('list-virtual-machines', {}, [named('bare'), named('db'), named('stuck'), named('web')])
    const { virtualMachineCounts } = await gateway.ada.ask(story('list-virtual-machines'))
    expect(virtualMachineCounts).toEqual({ configured: 0, notConfigured: 3, unsupported: 1 })
    const filter = { tags: [{ name: 'TIER', value: 'front' }], search: '198.51' }
    expect(await gateway.cleo.ask(story('list-virtual-machines'), { filter })).toMatchObject({
      virtualMachines: { nodes: [{ name: 'web', tags: [{ name: 'Tier', value: 'front' }] }] },
      virtualMachineCounts: { configured: 0, notConfigured: 1, unsupported: 0 },
    })
  })

  it('say what is open of a machine, by which rule of which boundary, to who may read boundaries', async () => {
    const opened = (name: string, rule: string | null, boundaries: number) =>
      named(name, {
        openPorts: [
          {
            first: 22,
            last: 22,
            protocol: 'TCP',
            managementPorts: [22],
            rules: Array.from({ length: boundaries }, () => ({
              ruleName: rule,
              boundary: rule === null ? null : expect.objectContaining({ name: expect.any(String) }),
            })),
          },
        ],
        recommendation: { reason: 'OPEN_TO_ANY_SOURCE', ports: [{ port: 22, openToAnySource: true }] },
      })
    await listed('not-configured-virtual-machines', { exposed: true }, [
      opened('stuck', 'allow-any-ssh', 1),
      opened('web', 'allow-ssh', 2),
    ])
    const { virtualMachines } = await gateway.ben.ask(story('not-configured-virtual-machines'), { exposed: true })
    expect(virtualMachines.nodes).toEqual([opened('stuck', null, 1), opened('web', null, 2)])
    // Nobody opened them just now.
    expect([await exposureFacts('web'), await exposureFacts('stuck')]).toEqual([[], []])
  })

  it('say that somebody opened a port in the cloud, once the account was synced, and that it was closed again', async () => {
    const group = machine('db').subnetNsgId ?? ''
    gateway.simulator.edit(group, ({ id: groupId, properties }) => {
      properties.securityRules.push(securityRule(groupId, { name: 'temp-ssh', priority: 200, ports: '22' }))
    })
    await syncNow()
    await vi.waitFor(async () => {
      expect(await exposureFacts('db')).toEqual([
        { kind: 'EXPOSURE_FOUND', port: 22, ruleName: 'temp-ssh', guarded: false },
      ])
    }, within)
    gateway.simulator.edit(group, ({ properties }) => {
      properties.securityRules = properties.securityRules.filter(({ name }) => name !== 'temp-ssh')
    })
    await syncNow()
    await vi.waitFor(async () => {
      expect((await exposureFacts('db'))[0]).toMatchObject({ kind: 'EXPOSURE_CLEARED', port: 22 })
    }, within)
  })

  it('move a machine on as JIT is enabled: it is exposed no longer once the port is seen to be closed', async () => {
    await gateway.ada.ask(story('enable-jit-with-defaults'), { virtualMachines: [id('web'), id('stuck')] })
    await vi.waitFor(async () => {
      const passes = gateway.simulator.packetPasses({
        vmId: machine('web').vmId,
        source: '192.0.2.1',
        port: 22,
        protocol: 'TCP',
      })
      expect(passes.passes).toBe(false)
      expect(await exposureFacts('web')).toEqual([
        { kind: 'EXPOSURE_CLEARED', port: 22, ruleName: 'allow-ssh', guarded: true },
      ])
    }, within)
    // No deny can stand ahead of the rule at the first number there is: it stays what it was.
    await vi.waitFor(async () => {
      const { virtualMachines } = await gateway.ada.ask(story('exposure-overview'))
      expect(virtualMachines.nodes).toEqual([
        named('stuck', {
          exposures: [expect.objectContaining({ port: 22, guarded: true, ruleName: 'allow-any-ssh' })],
        }),
      ])
    }, within)
    expect(await exposureFacts('stuck')).toEqual([])
    const { virtualMachine } = await gateway.ada.ask(
      'query ($id: ID!) { virtualMachine(id: $id) { openPorts { first } } }',
      {
        id: id('web'),
      },
    )
    expect(virtualMachine.openPorts).toEqual([])
  })

  it('say why a machine cannot be guarded, and no longer when the cure was taken', async () => {
    const unsupported = (reason: string) =>
      expect.objectContaining({ reason, cause: expect.any(String), cure: expect.any(String) })
    await listed('unsupported-virtual-machines', {}, [
      named('bare', { unsupported: unsupported('NO_NETWORK_SECURITY_GROUP') }),
    ])
    gateway.simulator.add(
      jitPolicyAssignment(`/subscriptions/${subscriptionId}`, { effect: 'Disabled', notScopes: [machine('web').vmId] }),
    )
    await syncNow()
    await listed('unsupported-virtual-machines', {}, [
      named('bare', { unsupported: unsupported('DISABLED_BY_POLICY') }),
      named('db', { unsupported: unsupported('DISABLED_BY_POLICY') }),
      named('stuck', { unsupported: unsupported('DISABLED_BY_POLICY') }),
    ])
    gateway.simulator.add(
      jitPolicyAssignment(`/subscriptions/${subscriptionId}`, {
        effect: 'Disabled',
        notScopes: [`/subscriptions/${subscriptionId}`],
      }),
    )
    gateway.simulator.associateInterface(machine('bare').nicIds[0] ?? '', machine('db').subnetNsgId ?? '')
    await syncNow()
    await listed('unsupported-virtual-machines', {}, [])
  })
})

describe('the connect page', () => {
  const connect = async (name: string, who = gateway.ben) =>
    (await who.ask(story('connect-to-virtual-machine'), { id: id(name) })).virtualMachine.connect

  it('leads a requester from asking to an open port, and says who may enable JIT where it is off', async () => {
    expect(await connect('db')).toMatchObject({ nextStep: 'ASK_TO_ENABLE_JIT', missing: { roles: ['POLICY_ADMIN'] } })
    expect(await connect('db', gateway.ada)).toMatchObject({ nextStep: 'ENABLE_JIT' })
    const page = await connect('web')
    expect(page).toMatchObject({
      nextStep: 'REQUEST_ACCESS',
      source: '127.0.0.1/32',
      ports: [{ sourceAllowed: true, held: null }],
    })
    const { requestAccess } = await gateway.ben.ask(story('request-access'), {
      virtualMachine: id('web'),
      port: page.ports[0].policyPort.port,
      duration: page.maximumDuration,
    })
    expect(requestAccess.userErrors).toEqual([])
    await vi.waitFor(async () => {
      expect(await connect('web')).toMatchObject({
        nextStep: 'CONNECT',
        ports: [{ held: { id: requestAccess.grants[0].id, state: 'ACTIVE', sources: ['127.0.0.1/32'] } }],
      })
    }, within)
    expect(await connect('web', gateway.ada)).toMatchObject({ nextStep: 'REQUEST_ACCESS', ports: [{ held: null }] })
  })
})
