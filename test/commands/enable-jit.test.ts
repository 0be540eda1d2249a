import { beforeAll, describe, expect, it } from 'vitest'
import { enableJit, type EnableJitInput } from '../../src/commands/enable-jit.ts'
import { useDatabase } from '../support/database.ts'
import {
  admin,
  boundaryId,
  group,
  nobody,
  person,
  protect,
  reader,
  stranger,
  vmId,
  writeMachines,
} from './support/estate.ts'
import { beginByHand, refuseWrites, waiting } from './support/interleave.ts'
import { dueOf, endOfLog, everything, factsAfter, rows, told } from './support/look.ts'

const database = useDatabase()
const enable = (input: EnableJitInput, viewer = admin) => enableJit({ store: database.store, viewer }, input)
const machines = (names: readonly string[], traits = {}) => writeMachines(database.store, names, traits)

interface StoredPort {
  readonly port: number
  readonly protocol: string
  readonly allowed_sources: readonly string[]
  readonly maximum_duration_seconds: number
}

const portsOf = (name: string) =>
  rows<StoredPort>(
    database.store,
    `select port, protocol, allowed_sources, maximum_duration_seconds from policy_ports
     where policy_id = (select id from policies where vm_id = $1 and disabled_at is null) order by port, protocol`,
    [vmId(name)],
  )
const policiesOf = (name: string) => rows(database.store, 'select id from policies where vm_id = $1', [vmId(name)])

const fromAnywhere = { allowed_sources: ['0.0.0.0/0', '::/0'], maximum_duration_seconds: 10_800 }

describe('enabling JIT', () => {
  it('protects SSH on Linux and RDP on Windows, for three hours from anywhere, when no ports are named', async () => {
    await machines(['linux'])
    await machines(['windows'], { os: 'WINDOWS' })
    const { results, userErrors } = await enable({ vmIds: [vmId('linux'), vmId('windows')] })
    expect(userErrors).toEqual([])
    expect(results).toMatchObject([
      { vmId: vmId('linux'), policyId: expect.any(String), userErrors: [] },
      { vmId: vmId('windows'), policyId: expect.any(String), userErrors: [] },
    ])
    expect(await portsOf('linux')).toEqual([{ port: 22, protocol: 'TCP', ...fromAnywhere }])
    expect(await portsOf('windows')).toEqual([{ port: 3389, protocol: 'TCP', ...fromAnywhere }])
  })

  it('protects the ports that are named, with what is not said filled in', async () => {
    await machines(['own-ports'])
    await enable({
      vmIds: [vmId('own-ports')],
      ports: [
        { port: 8443, allowedSources: ['198.51.100.7', '2001:DB8::/32'], maximumDurationSeconds: 300 },
        { port: 53, protocol: 'ANY', maximumDurationSeconds: 86_400 },
      ],
    })
    expect(await portsOf('own-ports')).toEqual([
      { port: 53, protocol: 'ANY', ...fromAnywhere, maximum_duration_seconds: 86_400 },
      {
        port: 8443,
        protocol: 'TCP',
        allowed_sources: ['198.51.100.7/32', '2001:db8::/32'],
        maximum_duration_seconds: 300,
      },
    ])
  })

  it('protects the recommended ports of any system when asked to, also where the system is not known', async () => {
    await machines(['mystery'], { os: null })
    await enable({ vmIds: [vmId('mystery')], recommended: true })
    expect((await portsOf('mystery')).map(({ port }) => port)).toEqual([22, 3389, 5985, 5986])
  })

  it('writes the policy, its fact and the boundaries to look at together', async () => {
    await machines(['whole'], { boundary: 'whole' })
    const end = await endOfLog(database.store)
    const { results } = await enable({ vmIds: [vmId('WHOLE').toUpperCase()], ports: [{ port: 22 }] })
    const policyId = results[0]?.policyId
    expect(await rows(database.store, 'select * from policies where id = $1', [policyId])).toMatchObject([
      { vm_id: vmId('whole'), version: 1, created_by_id: 'ada', created_by_name: 'ada', disabled_at: null },
    ])
    const facts = await factsAfter(database.store, end)
    expect(facts).toMatchObject([
      { kind: 'PolicyCreated', actor_id: 'ada', vm_id: vmId('whole'), resource_group_id: group, policy_id: policyId },
    ])
    expect(facts[0]?.detail).toMatchObject({ version: 1, ports: [{ port: 22, protocol: 'TCP' }] })
    expect(await dueOf(database.store, boundaryId('whole'))).toEqual({ times: 1, urgent: false })
  })

  it('writes nothing when its last statement fails', async () => {
    await machines(['half'], { boundary: 'half' })
    const before = await everything(database.store)
    await refuseWrites(database.store, 'boundary_reconciles', 'insert')
    await expect(enable({ vmIds: [vmId('half')], idempotencyKey: 'half' })).rejects.toThrow()
    expect(await everything(database.store)).toEqual(before)
  })

  it('takes the machines it may and says of each other one why not', async () => {
    await machines(['good-1', 'good-2', 'other'])
    await machines(['relic'], { unsupported: 'CLASSIC' })
    await machines(['unknown-system'], { os: null })
    await machines(['ghost'], { gone: true })
    await protect(database.store, 'protected')
    const names = ['good-1', 'relic', 'nowhere', 'unknown-system', 'ghost', 'protected', 'good-2']
    const { results } = await enable({ vmIds: names.map((name) => vmId(name)) })
    expect(results.map(({ userErrors }) => told(userErrors))).toEqual([
      [],
      ['CONFLICT at vmIds.1'],
      ['NOT_FOUND at vmIds.2'],
      ['CONFLICT at vmIds.3'],
      ['CONFLICT at vmIds.4'],
      ['CONFLICT at vmIds.5'],
      [],
    ])
    expect(results.map(({ policyId }) => policyId !== null)).toEqual([true, false, false, false, false, false, true])
    expect(await policiesOf('protected')).toHaveLength(1)
  })

  it('tells a viewer who may not see a machine the same as of one that does not exist', async () => {
    await machines(['hidden'])
    const answers = await Promise.all(['hidden', 'nowhere'].map((name) => enable({ vmIds: [vmId(name)] }, stranger)))
    const [hidden, nowhere] = answers.map(({ results }) => results[0]?.userErrors)
    expect(hidden).toMatchObject([{ code: 'NOT_FOUND' }])
    expect(hidden).toEqual(nowhere)
  })

  it('refuses whoever sees the machine but may not write its policy, and names the action', async () => {
    await machines(['seen'])
    const elsewhere = person('eve', 'POLICY_ADMIN', vmId('seen-too'))
    const { results } = await enable({ vmIds: [vmId('seen')] }, reader)
    expect(results[0]?.userErrors).toMatchObject([
      { code: 'NOT_PERMITTED', action: 'Microsoft.Security/locations/jitNetworkAccessPolicies/write' },
    ])
    const asked = await enable({ vmIds: [vmId('seen')] }, elsewhere)
    expect(told(asked.results[0]?.userErrors ?? [])).toEqual(['NOT_FOUND at vmIds.0'])
    expect(await policiesOf('seen')).toEqual([])
  })
})

const port = (more: object) => ({ vmIds: [vmId('refused')], ports: [{ port: 22, ...more }] })
const refused: [string, EnableJitInput, string[]][] = [
  ['port 0', port({ port: 0 }), ['INVALID_INPUT at ports.0.port']],
  ['port 65536', port({ port: 65_536 }), ['INVALID_INPUT at ports.0.port']],
  ['a prefix with host bits', port({ allowedSources: ['10.0.0.1/8'] }), ['INVALID_INPUT at ports.0.allowedSources.0']],
  [
    'prefixes that overlap',
    port({ allowedSources: ['10.0.0.0/8', '10.1.0.0/16'] }),
    ['INVALID_INPUT at ports.0.allowedSources.1'],
  ],
  ['less than 5 minutes', port({ maximumDurationSeconds: 299 }), ['INVALID_INPUT at ports.0.maximumDuration']],
  ['more than 24 hours', port({ maximumDurationSeconds: 86_401 }), ['INVALID_INPUT at ports.0.maximumDuration']],
  [
    'a port named twice, and ANY beside TCP',
    { vmIds: [vmId('refused')], ports: [{ port: 22 }, { port: 22 }, { port: 53 }, { port: 53, protocol: 'ANY' }] },
    ['INVALID_INPUT at ports.1', 'INVALID_INPUT at ports.3'],
  ],
  ['an empty list of ports', { vmIds: [vmId('refused')], ports: [] }, ['INVALID_INPUT at ports']],
  ['ports and the recommended ones', { ...port({}), recommended: true }, ['INVALID_INPUT at recommended']],
  ['no machine', { vmIds: [] }, ['INVALID_INPUT at vmIds']],
  [
    'a machine named twice, in another case',
    { vmIds: [vmId('refused'), vmId('other'), vmId('refused').toUpperCase()] },
    ['INVALID_INPUT at vmIds.2'],
  ],
  [
    '10,000 machines',
    { vmIds: Array.from({ length: 10_000 }, (_, index) => vmId(`m-${index}`)) },
    ['LIMIT_EXCEEDED at vmIds'],
  ],
  [
    'a key of 256 characters',
    { vmIds: [vmId('refused')], idempotencyKey: 'k'.repeat(256) },
    ['INVALID_INPUT at idempotencyKey'],
  ],
  ['an empty key', { vmIds: [vmId('refused')], idempotencyKey: '' }, ['INVALID_INPUT at idempotencyKey']],
]

describe('enabling JIT is refused as a whole, with nothing written, for', () => {
  beforeAll(() => machines(['refused', 'other']))

  it.each(refused)('%s', async (_what, input, errors) => {
    const before = await everything(database.store)
    const answer = await enable({ idempotencyKey: 'refused', ...input })
    expect(answer.results).toEqual([])
    expect(told(answer.userErrors)).toEqual(errors)
    expect(await everything(database.store)).toEqual(before)
  })
})

describe('enabling JIT with an idempotency key', () => {
  it('gives the first answer again, and makes one policy', async () => {
    await machines(['keyed'])
    const input = { vmIds: [vmId('keyed'), vmId('nowhere')], idempotencyKey: 'k'.repeat(255) }
    const first = await enable(input)
    expect(first.results[0]?.policyId).toEqual(expect.any(String))
    expect(await enable(input)).toEqual(first)
    expect(await policiesOf('keyed')).toHaveLength(1)
  })

  it('is a conflict when the key was used with another input', async () => {
    await machines(['body-1', 'body-2'])
    await enable({ vmIds: [vmId('body-1')], idempotencyKey: 'body' })
    const again = await enable({ vmIds: [vmId('body-2')], idempotencyKey: 'body' })
    expect(again).toMatchObject({ results: [], userErrors: [{ code: 'CONFLICT', field: ['idempotencyKey'] }] })
    expect(await policiesOf('body-2')).toEqual([])
  })

  it('keeps the keys of each actor apart', async () => {
    await machines(['actor-1', 'actor-2'])
    const ann = person('ann', 'POLICY_ADMIN')
    const mine = await enable({ vmIds: [vmId('actor-1')], idempotencyKey: 'mine' })
    const theirs = await enable({ vmIds: [vmId('actor-2')], idempotencyKey: 'mine' }, ann)
    expect(theirs.results).toMatchObject([{ vmId: vmId('actor-2'), userErrors: [] }])
    expect(await enable({ vmIds: [vmId('actor-1')], idempotencyKey: 'mine' })).toEqual(mine)
    expect(await enable({ vmIds: [vmId('actor-2')], idempotencyKey: 'mine' }, ann)).toEqual(theirs)
  })

  it('writes once when two calls with one key run at the same time', async () => {
    await machines(['twins'])
    const byHand = await beginByHand(database.store)
    await byHand.query('lock table policies in share mode')
    const input = { vmIds: [vmId('twins')], idempotencyKey: 'twins' }
    const calls = [enable(input), enable(input)]
    await waiting(database.store, 2)
    await byHand.query('commit')
    const [one, other] = await Promise.all(calls)
    expect(one?.results[0]?.policyId).toEqual(expect.any(String))
    expect(other).toEqual(one)
    expect(await policiesOf('twins')).toHaveLength(1)
  })

  it('does not use the key up when nothing was written', async () => {
    await machines(['later'], { unsupported: 'NO_PRIVATE_ADDRESS' })
    const before = await everything(database.store)
    const input = { vmIds: [vmId('later')], idempotencyKey: 'later' }
    expect((await enable(input)).results).toMatchObject([{ policyId: null }])
    expect(await everything(database.store)).toEqual(before)
    await database.store.pool.query('update virtual_machines set unsupported_reason = null where id = $1', [
      vmId('later'),
    ])
    expect((await enable(input)).results).toMatchObject([{ policyId: expect.any(String) }])
  })
})

it('makes one policy when two calls enable JIT on one machine at the same time', async () => {
  await machines(['raced'])
  const byHand = await beginByHand(database.store)
  await byHand.query('lock table policies in share mode')
  const calls = [enable({ vmIds: [vmId('raced')] }), enable({ vmIds: [vmId('raced')] })]
  await waiting(database.store, 2)
  await byHand.query('commit')
  const answers = (await Promise.all(calls)).map(({ results }) => told(results[0]?.userErrors ?? []))
  expect(answers.flat()).toEqual(['CONFLICT at vmIds.0'])
  expect(await policiesOf('raced')).toHaveLength(1)
})

it('takes an id as text whatever it holds', async () => {
  const ids = [`${vmId('x')}'; drop table policies; --`, nobody, '{}', '%', '\\', '"', 'é'.repeat(3_000)]
  const { results } = await enable({ vmIds: ids })
  expect(results.map(({ userErrors }) => told(userErrors))).toEqual(
    ids.map((_, index) => [`NOT_FOUND at vmIds.${index}`]),
  )
})
