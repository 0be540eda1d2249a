import { afterEach, describe, expect, it } from 'vitest'
import type { TemplateInput } from '../../src/access/template-set.ts'
import { gatewayActor } from '../../src/access/words.ts'
import { disableJit } from '../../src/commands/disable-jit.ts'
import { dropPolicyOverrides } from '../../src/commands/drop-policy-overrides.ts'
import { enableJit } from '../../src/commands/enable-jit.ts'
import { followTemplates } from '../../src/commands/follow-templates.ts'
import { previewPolicyTemplates, setPolicyTemplates } from '../../src/commands/set-policy-templates.ts'
import { updatePolicy } from '../../src/commands/update-policy.ts'
import { useDatabase } from '../support/database.ts'
import {
  admin,
  boundaryId,
  grantTo,
  group,
  nobody,
  person,
  protect,
  requester,
  vmId,
  writeMachines,
} from './support/estate.ts'
import { dueOf, endOfLog, everything, factsAfter, grantOf, rows, told } from './support/look.ts'

const database = useDatabase()
const context = (viewer = admin) => ({ store: database.store, viewer })
const state = (templates: readonly TemplateInput[], scope = group, viewer = admin) =>
  setPolicyTemplates(context(viewer), { scope, templates })
const preview = (templates: readonly TemplateInput[], scope = group) =>
  previewPolicyTemplates(context(), { scope, templates })
/** Follows until nothing is due. */
const follow = async () => {
  while ((await followTemplates(database.store, 100)) > 0);
}
const tag = (name: string, tags: object) =>
  database.store.pool.query('update virtual_machines set tags = $2 where id = $1', [vmId(name), tags])

interface Shown {
  readonly id: string
  readonly ports: readonly number[]
  readonly template: string | null
  readonly overrides: readonly string[]
}
/** The policy in force of a machine; null when there is none. */
async function policyOf(name: string): Promise<Shown | null> {
  const [policy] = await rows<Shown>(
    database.store,
    `select p.id, t.name as template,
       array(select port from policy_ports q where q.policy_id = p.id order by port) as ports,
       array(select coalesce(o->>'port', o->>'term') from jsonb_array_elements(p.overrides) o) as overrides
     from policies p left join policy_templates t on t.id = p.template_id
     where p.vm_id = $1 and p.disabled_at is null`,
    [vmId(name)],
  )
  return policy ?? null
}
const idOf = async (name: string) => (await policyOf(name))?.id ?? nobody
/** The effects of a plan that are any. */
const effects = (plan: { readonly counts: object } | null) =>
  Object.fromEntries(Object.entries(plan?.counts ?? {}).filter(([, machines]) => machines !== 0))

const ssh: TemplateInput = { name: 'ssh', ports: [{ port: 22, maximumDurationSeconds: 3_600 }] }

afterEach(async () => {
  for (const scope of ['/', group]) await state([], scope)
  await follow()
  await database.store.pool.query(`update policies set disabled_at = gateway_now() where disabled_at is null`)
  await database.store.pool.query('update policies set template_id = null')
  await database.store.pool.query(`update virtual_machines set gone_at = gateway_now()`)
  await follow()
})
/** Machines that no other test has, on their own but for what it states. */
async function machines(...names: string[]): Promise<void> {
  await writeMachines(database.store, names)
  await follow()
}

describe('the templates of a scope', () => {
  it('give a policy to every machine there, by the gateway, and deny rules follow', async () => {
    await machines('a1', 'a2')
    const before = await dueOf(database.store, boundaryId('front'))
    const end = await endOfLog(database.store)
    expect(await state([ssh])).toMatchObject({
      applied: true,
      changes: [{ change: 'CREATE', name: 'ssh' }],
      userErrors: [],
    })
    await follow()
    expect(await policyOf('a1')).toMatchObject({ ports: [22], template: 'ssh', overrides: [] })
    expect(await policyOf('a2')).toMatchObject({ ports: [22], template: 'ssh', overrides: [] })
    const facts = await factsAfter(database.store, end)
    expect(facts.map(({ kind, actor_id: by }) => [kind, by])).toEqual([
      ['PolicyTemplateCreated', 'ada'],
      ['PolicyCreated', gatewayActor.id],
      ['PolicyCreated', gatewayActor.id],
    ])
    expect(facts[1]?.detail).toMatchObject({ template: 'ssh', version: 1 })
    expect((await dueOf(database.store, boundaryId('front'))).times).toBeGreaterThan(before.times)
  })

  it('give one to machines that are found or tagged later, and to those that can have JIT only later', async () => {
    await machines('b1')
    await writeMachines(database.store, ['b2'], { unsupported: 'NO_NETWORK_SECURITY_GROUP' })
    await state([{ ...ssh, tags: [{ name: 'env', value: 'prod' }] }])
    await follow()
    expect([await policyOf('b1'), await policyOf('b2')]).toEqual([null, null])
    await tag('b1', { Env: 'prod' })
    await tag('b2', { Env: 'prod' })
    await follow()
    expect([await policyOf('b1'), await policyOf('b2')]).toMatchObject([{ template: 'ssh' }, null])
    await database.store.pool.query('update virtual_machines set unsupported_reason = null where id = $1', [vmId('b2')])
    await follow()
    expect(await policyOf('b2')).toMatchObject({ template: 'ssh' })
  })

  it('leave a policy that was there as it is: what differs is an override', async () => {
    await protect(database.store, 'c1', [{ port: 22 }, { port: 8080 }])
    await follow()
    expect(effects((await preview([ssh])).plan)).toEqual({ ADOPT: 1 })
    await state([ssh])
    await follow()
    expect(await policyOf('c1')).toMatchObject({ ports: [22, 8080], template: 'ssh', overrides: ['22', '8080'] })
    const { results } = await dropPolicyOverrides(context(), { policyIds: [await idOf('c1')] })
    expect(results).toMatchObject([{ userErrors: [] }])
    expect(await policyOf('c1')).toMatchObject({ ports: [22], template: 'ssh', overrides: [] })
  })

  it('change what policies do not override, and grants of ports that are protected no longer end', async () => {
    await machines('d1', 'd2')
    await state([{ ...ssh, ports: [{ port: 22 }, { port: 3389 }] }])
    await follow()
    await updatePolicy(context(), {
      policyIds: [await idOf('d2')],
      setPorts: [{ port: 3389, maximumDurationSeconds: 600 }],
    })
    expect(await policyOf('d2')).toMatchObject({ overrides: ['3389'] })
    const [lost, kept] = [
      await grantTo(database.store, requester, 'd1', 3389),
      await grantTo(database.store, requester, 'd2', 3389),
    ]
    const planned = await preview([ssh])
    expect(planned.plan).toMatchObject({ grantsEnded: 1, counts: { CHANGE: 2 } })
    await state([ssh])
    await follow()
    expect([await policyOf('d1'), await policyOf('d2')]).toMatchObject([{ ports: [22] }, { ports: [22, 3389] }])
    expect(await grantOf(database.store, lost)).toMatchObject({ state: 'CLOSING', end_reason: 'POLICY_CHANGED' })
    expect(await grantOf(database.store, kept)).toMatchObject({ state: 'OPENING' })
  })

  it('take nothing for an override that a policy only was not brought up to yet', async () => {
    await machines('e1')
    await state([ssh])
    await follow()
    await state([{ ...ssh, ports: [{ port: 22 }, { port: 3389 }] }])
    // Before anybody followed.
    await updatePolicy(context(), { policyIds: [await idOf('e1')], ticketRule: { required: true } })
    expect(await policyOf('e1')).toMatchObject({ ports: [22, 3389], overrides: ['TICKET'] })
  })

  it('leave a policy to itself that they no longer cover, or disable it where they say so', async () => {
    await machines('f1', 'f2')
    await tag('f2', { tier: 'db' })
    await state([ssh, { name: 'db', tags: [{ name: 'tier' }], ports: [{ port: 5432 }], whenLeft: 'DISABLE_JIT' }])
    await follow()
    const grant = await grantTo(database.store, requester, 'f2', 5432)
    const planned = await preview([])
    expect(effects(planned.plan)).toEqual({ RELEASE: 1, DISABLE: 1 })
    expect(planned.plan?.grantsEnded).toBe(1)
    await state([])
    await follow()
    expect(await policyOf('f1')).toMatchObject({ ports: [22], template: null, overrides: [] })
    expect(await policyOf('f2')).toBeNull()
    expect(await grantOf(database.store, grant)).toMatchObject({ end_reason: 'POLICY_CHANGED' })
    // Disabled by a template, it was not left out by anybody.
    await state([{ ...ssh, name: 'again' }])
    await follow()
    expect(await policyOf('f2')).toMatchObject({ template: 'again' })
  })

  it('leave out a machine where somebody disabled JIT, until somebody enables it again', async () => {
    await machines('g1')
    await state([ssh])
    await follow()
    await disableJit(context(), { vmIds: [vmId('g1')] })
    await state([{ ...ssh, justificationRule: { required: true } }])
    await follow()
    expect(await policyOf('g1')).toBeNull()
    expect(effects((await preview([ssh])).plan)).toEqual({ LEFT_OUT: 1 })
    await enableJit(context(), { vmIds: [vmId('g1')], ports: [{ port: 22, maximumDurationSeconds: 3_600 }] })
    await follow()
    expect(await policyOf('g1')).toMatchObject({ template: 'ssh', overrides: ['JUSTIFICATION'] })
  })

  it('cover a machine again that was left out, once somebody enabled JIT there', async () => {
    await machines('g2')
    await state([{ ...ssh, whenLeft: 'DISABLE_JIT' }])
    await follow()
    await disableJit(context(), { vmIds: [vmId('g2')] })
    await enableJit(context(), { vmIds: [vmId('g2')] })
    await follow()
    await state([])
    await follow()
    expect(await policyOf('g2')).toBeNull()
    await state([ssh])
    await follow()
    expect(await policyOf('g2')).toMatchObject({ template: 'ssh' })
  })

  it('say in the statement that lets go of a machine what becomes of its policy', async () => {
    await machines('g3')
    await state([ssh])
    await follow()
    const letting: TemplateInput = { ...ssh, tags: [{ name: 'env' }], whenLeft: 'DISABLE_JIT' }
    expect(effects((await preview([letting])).plan)).toEqual({ DISABLE: 1 })
    await state([letting])
    await follow()
    expect(await policyOf('g3')).toBeNull()
  })

  it('of the narrower scope come first, and the wider ones take over when they go', async () => {
    await machines('h1')
    await state([{ name: 'wide', ports: [{ port: 3389 }] }], '/')
    await state([ssh])
    await follow()
    expect(await policyOf('h1')).toMatchObject({ template: 'ssh', ports: [22] })
    expect(effects((await preview([])).plan)).toEqual({ CHANGE: 1 })
    await state([])
    await follow()
    expect(await policyOf('h1')).toMatchObject({ template: 'wide', ports: [3389], overrides: [] })
  })

  it('change nothing when the same is stated again', async () => {
    await machines('i1')
    await state([ssh])
    await follow()
    const end = await endOfLog(database.store)
    const again = await state([ssh])
    expect(again.changes).toMatchObject([{ change: 'KEEP' }])
    expect(effects(again.plan)).toEqual({ NOTHING: 1 })
    await follow()
    expect(await factsAfter(database.store, end)).toEqual([])
  })
})

describe('a plan of templates', () => {
  it('is what comes of stating them, and writes nothing', async () => {
    await machines('k1', 'k2', 'k3')
    await protect(database.store, 'k3', [{ port: 443 }])
    await writeMachines(database.store, ['k4'], { os: null })
    await follow()
    const wanted: TemplateInput[] = [{ name: 'default' }]
    const before = await everything(database.store)
    const planned = await preview(wanted)
    expect(await everything(database.store)).toEqual(before)
    expect(planned).toMatchObject({ applied: false, changes: [{ change: 'CREATE', templateId: null }], userErrors: [] })
    expect(effects(planned.plan)).toEqual({ CREATE: 2, ADOPT: 1, SYSTEM_UNKNOWN: 1 })
    expect(planned.plan?.machines).toEqual([
      { vmId: vmId('k1'), kind: 'CREATE', template: 'default' },
      { vmId: vmId('k2'), kind: 'CREATE', template: 'default' },
      { vmId: vmId('k3'), kind: 'ADOPT', template: 'default' },
    ])
    const stated = await state(wanted)
    expect(stated.plan).toEqual(planned.plan)
    await follow()
    expect(effects((await preview(wanted)).plan)).toEqual({ NOTHING: 3, SYSTEM_UNKNOWN: 1 })
  })

  it('that somebody else overtook is refused by its revision', async () => {
    const { revision } = await preview([ssh])
    expect(await setPolicyTemplates(context(), { scope: group, templates: [ssh], ifRevision: revision })).toMatchObject(
      { applied: true },
    )
    const late = await setPolicyTemplates(context(), { scope: group, templates: [], ifRevision: revision })
    expect(late).toMatchObject({ applied: false, plan: null })
    expect(told(late.userErrors)).toEqual(['CONFLICT at ifRevision'])
  })

  it('is stated by one after the other: of several at once one whole set is left', async () => {
    const sets = [1, 2, 3, 4].map((n) =>
      ['a', 'b', `only-${n}`].map((name) => ({ name, ports: [{ port: 1_000 + n }] })),
    )
    const stated = await Promise.all(sets.map((set) => state(set)))
    expect(stated.flatMap(({ userErrors }) => userErrors)).toEqual([])
    const left = await rows<{ name: string; port: number }>(
      database.store,
      `select name, (terms->'ports'->0->>'port')::int as port from policy_templates where removed_at is null order by name`,
    )
    const [{ port } = { port: 0 }] = left
    expect(left).toEqual(['a', 'b', `only-${port - 1_000}`].map((name) => ({ name, port })))
  })

  it('is refused to whoever may not write policies at the whole of the scope, and of what is no scope', async () => {
    const before = await everything(database.store)
    const near = person('nora', 'POLICY_ADMIN', vmId('a1'))
    expect(told((await state([ssh], group, near)).userErrors)).toEqual(['NOT_PERMITTED at scope'])
    expect(told((await state([ssh], '/', person('gil', 'POLICY_ADMIN', group))).userErrors)).toEqual([
      'NOT_PERMITTED at scope',
    ])
    expect(told((await state([ssh, ssh], 'nowhere')).userErrors)).toEqual([
      'INVALID_INPUT at scope',
      'INVALID_INPUT at templates.1.name',
    ])
    expect(await everything(database.store)).toEqual(before)
  })
})

describe('overrides', () => {
  it('are dropped only of policies in force that follow a template, by whoever may change them', async () => {
    const own = await protect(database.store, 'o1')
    const drop = (policyId: string, viewer = admin) => dropPolicyOverrides(context(viewer), { policyIds: [policyId] })
    expect((await drop(own)).results).toMatchObject([{ userErrors: [{ code: 'CONFLICT' }] }])
    expect((await drop(own, requester)).results).toMatchObject([{ userErrors: [{ code: 'NOT_PERMITTED' }] }])
    expect((await drop(nobody)).results).toMatchObject([{ vmId: null, userErrors: [{ code: 'NOT_FOUND' }] }])
    expect(told((await dropPolicyOverrides(context(), { policyIds: [] })).userErrors)).toEqual([
      'INVALID_INPUT at policyIds',
    ])
  })
})

describe('following', () => {
  it('by several at once, beside somebody who states other templates, comes to what was stated last', async () => {
    const names = Array.from({ length: 30 }, (_, n) => `z${n}`)
    await machines(...names)
    const stating = (async () => {
      for (const port of [22, 3389, 5985]) await state([{ name: 'only', ports: [{ port }] }])
    })()
    const followers = [1, 2, 3].map(async () => {
      for (let turn = 0; turn < 12; turn++) await followTemplates(database.store, 7)
    })
    await Promise.all([stating, ...followers])
    await follow()
    const ports = await rows<{ ports: string; machines: number }>(
      database.store,
      `select string_agg(distinct q.port::text, ',') as ports, count(distinct p.vm_id)::int as machines
       from policies p join policy_ports q on q.policy_id = p.id where p.disabled_at is null`,
    )
    expect(ports).toEqual([{ ports: '5985', machines: 30 }])
  })
})
