import { describe, expect, it, vi } from 'vitest'
import { globalId } from '../../src/graphql/global-id.ts'
import { smallEstate, sshForAll, subscriptionId } from '../support/cloud-estate.ts'
import { story } from './support/client.ts'
import { useWholeGateway } from './support/whole-gateway.ts'

const sketch = (name: string) => ({ name, nsgs: 'both' as const, rules: sshForAll, tags: { env: 'prod' } })
const { estate, machine } = smallEstate([sketch('early'), sketch('late'), { ...sketch('other'), tags: {} }])
/** What comes to the cloud only later. */
const comesLate = [machine('late').vmId, ...machine('late').nicIds].map((id) => id.toLowerCase())
const late = estate.resources.filter(({ id }) => comesLate.includes(id.toLowerCase()))
const gateway = useWholeGateway({ ...estate, resources: estate.resources.filter((one) => !late.includes(one)) })

const scope = `/subscriptions/${subscriptionId}`
const within = { timeout: 15_000, interval: 20 }
/** Whether a packet reaches SSH of the machine: what the cloud says, not what the gateway believes. */
const passes = (name: string) =>
  gateway.simulator.packetPasses({ vmId: machine(name).vmId, source: '203.0.113.7', port: 22, protocol: 'TCP' }).passes
const policyOf = async (name: string) => {
  const document = `query ($id: ID!) { virtualMachine(id: $id) { policy {
    id template { name } overrides { term port } ports { port } } } }`
  const { virtualMachine } = await gateway.ada.ask(document, { id: globalId('VirtualMachine', machine(name).vmId) })
  return virtualMachine?.policy ?? null
}
const effectsOf = (plan: { effects: { effect: string; machines: number }[] }) =>
  Object.fromEntries(plan.effects.filter(({ machines }) => machines > 0).map((one) => [one.effect, one.machines]))
const input = { scope, templates: [{ name: 'production', tags: [{ name: 'env', value: 'prod' }] }] }
const preview = async () => (await gateway.ada.ask(story('preview-policy-templates'), { input })).policyTemplatePlan

describe('a template', () => {
  it('is previewed, stated, and closes SSH of the machines with its tag and of no other', async () => {
    await vi.waitFor(async () => expect(effectsOf(await preview())).toEqual({ CREATE: 1, NOTHING: 1 }), within)
    expect((await preview()).machines).toMatchObject([
      { effect: 'CREATE', templateName: 'production', virtualMachine: { name: 'early' } },
    ])
    expect(passes('early')).toBe(true)
    const { setPolicyTemplates } = await gateway.ada.ask(story('set-policy-templates'), { input })
    expect(setPolicyTemplates).toMatchObject({
      applied: true,
      templates: [{ change: 'CREATE', name: 'production', template: { version: 1 } }],
      userErrors: [],
    })
    await vi.waitFor(() => expect(passes('early')).toBe(false), within)
    expect(await policyOf('early')).toMatchObject({ template: { name: 'production' }, ports: [{ port: 22 }] })
    expect(passes('other')).toBe(true)
  })

  it('closes SSH of a machine that comes to the cloud later', async () => {
    for (const resource of late) gateway.simulator.add(resource)
    expect(passes('late')).toBe(true)
    await gateway.ada.ask(story('sync-account'), { account: globalId('Account', subscriptionId) })
    await vi.waitFor(() => expect(passes('late')).toBe(false), within)
    expect(await policyOf('late')).toMatchObject({ template: { name: 'production' }, overrides: [] })
  })

  it('keeps what a machine overrides in sight, until that is dropped', async () => {
    const policy = (await policyOf('early')).id
    const edit = `mutation ($policy: ID!) { updatePolicy(input: { policies: [$policy], setPorts: [{ port: 8080 }] }) {
      results { userErrors { message } } } }`
    await gateway.ada.ask(edit, { policy })
    const { policyTemplates } = await gateway.ada.ask(story('list-policy-templates'), { filter: { scope } })
    const [template] = policyTemplates.nodes
    expect(template).toMatchObject({ name: 'production', ports: [], whenLeft: 'KEEP_POLICY', viewerCanUpdate: true })
    expect(await gateway.ada.ask(story('show-policy-template'), { id: template.id })).toMatchObject({
      policyTemplate: { name: 'production', version: 1, approvalRule: null, policies: { totalCount: 2 } },
    })
    const overriding = async () =>
      (await gateway.ada.ask(story('overrides-of-template'), { template: template.id })).policies.nodes
    expect(await overriding()).toMatchObject([
      { virtualMachine: { name: 'early' }, overrides: [{ term: 'PORT', port: 8080, protocol: 'TCP' }] },
    ])
    const dropped = await gateway.ada.ask(story('drop-policy-overrides'), { policies: [policy] })
    expect(dropped.dropPolicyOverrides.results).toMatchObject([{ policy: { overrides: [], ports: [{ port: 22 }] } }])
    expect(await overriding()).toEqual([])
    expect(passes('early')).toBe(false)
  })

  it('is told of in the log, with who stated it', async () => {
    const { activity } = await gateway.ada.ask(
      `{ activity(first: 1, filter: { kinds: [POLICY_TEMPLATE_CREATED] }) { nodes { actor { name }
        ... on PolicyTemplateActivity { name scope whenLeft ports { port } tags { name value } } } } }`,
    )
    expect(activity.nodes).toEqual([
      {
        actor: { name: 'Ada, policy admin' },
        name: 'production',
        scope,
        whenLeft: 'KEEP_POLICY',
        ports: [],
        tags: [{ name: 'env', value: 'prod' }],
      },
    ])
    expect(await gateway.cleo.ask(story('list-policy-templates'), {})).toMatchObject({
      policyTemplates: { nodes: [{ name: 'production', viewerCanUpdate: false }] },
    })
  })
})
