import { beforeAll, describe, expect, it } from 'vitest'
import { requestAccess, type RequestAccessInput } from '../../src/commands/request-access.ts'
import { useDatabase } from '../support/database.ts'
import {
  admin,
  home,
  operator,
  person,
  protect,
  reader,
  requester,
  stranger,
  vmId,
  writeMachines,
} from './support/estate.ts'
import { everything, grantOf, told } from './support/look.ts'

const database = useDatabase()
const ask = (input: Partial<RequestAccessInput>, viewer = requester) =>
  requestAccess({ store: database.store, viewer }, { targets: [target('web')], ...input })
const target = (name: string, ...ports: RequestAccessInput['targets'][number]['ports'][number][]) => ({
  vmId: vmId(name),
  ports: ports.length === 0 ? [{ port: 22 }] : ports,
})
const granted = async ({ grantIds }: { readonly grantIds: readonly string[] }) =>
  Promise.all(grantIds.map((id) => grantOf(database.store, id)))

beforeAll(async () => {
  await protect(database.store, 'web', [{ port: 22, allowedSources: ['203.0.113.0/24', '198.51.100.0/24'] }])
  await protect(database.store, 'db', [
    { port: 22, maximumDurationSeconds: 3_600 },
    { port: 53, protocol: 'ANY' },
    { port: 5432, maximumDurationSeconds: 300, allowedSources: ['203.0.113.0/28'] },
    { port: 8125, protocol: 'UDP' },
  ])
  await protect(database.store, 'dual', [{ port: 22 }], { addresses: ['10.0.0.9', 'fd00::9'] })
  await writeMachines(database.store, ['bare'])
  await protect(database.store, 'ghost')
  await database.store.pool.query('update virtual_machines set gone_at = gateway_now() where id = $1', [vmId('ghost')])
})

describe('a request for access', () => {
  it('gets a grant for each port of each machine that is permitted', async () => {
    const answer = await ask({
      targets: [target('web'), target('db', { port: 22 }, { port: 53, protocol: 'UDP' }, { port: 8125 })],
      sources: ['203.0.113.7'],
      durationSeconds: 600,
    })
    expect(answer).toMatchObject({ requestId: expect.any(String), userErrors: [] })
    const common = { sources: ['203.0.113.7/32'], duration_seconds: 600, ends_at: null, state: 'OPENING' }
    expect(await granted(answer)).toMatchObject([
      { vm_id: vmId('web'), port: 22, protocol: 'TCP', ...common },
      { vm_id: vmId('db'), port: 22, protocol: 'TCP', ...common },
      { vm_id: vmId('db'), port: 53, protocol: 'UDP', ...common },
      { vm_id: vmId('db'), port: 8125, protocol: 'UDP', ...common },
    ])
  })

  it('is for the address that the call came from when no source is named', async () => {
    expect(await granted(await ask({}))).toMatchObject([{ sources: [`${home}/32`] }])
    const away = person('rob', 'REQUESTER', '/', null)
    expect(told((await ask({}, away)).userErrors)).toEqual(['INVALID_INPUT at sources'])
  })

  it('may name whole ranges and both families, as far as they lie inside what is allowed', async () => {
    const wide = await ask({ sources: ['203.0.113.128/25', '198.51.100.0/24'] })
    expect(await granted(wide)).toMatchObject([{ sources: ['203.0.113.128/25', '198.51.100.0/24'] }])
    const both = await ask({ targets: [target('dual')], sources: ['203.0.113.7', '2001:DB8::/64'] })
    expect(await granted(both)).toMatchObject([{ sources: ['203.0.113.7/32', '2001:db8::/64'] }])
  })

  it('lasts from ten seconds to the maximum of the policy, which is also what it lasts when nobody says', async () => {
    const last = async (durationSeconds?: number) =>
      granted(await ask({ targets: [target('db')], durationSeconds: durationSeconds ?? null }))
    expect(await last(10)).toMatchObject([{ duration_seconds: 10 }])
    expect(await last(3_600)).toMatchObject([{ duration_seconds: 3_600 }])
    expect(await last()).toMatchObject([{ duration_seconds: 3_600 }])
    expect(await last(3_601)).toEqual([])
  })

  it('may end at a moment instead, and then does whatever time its opening takes', async () => {
    const endsAt = new Date(Date.now() + 1_800_000)
    const [grant] = await granted(await ask({ targets: [target('db')], endsAt }))
    expect(grant).toMatchObject({ duration_seconds: null, ends_at: endsAt, latest_end: endsAt })
  })

  it('may end as late as its maximum allows and not later', async () => {
    const endingIn = (seconds: number) =>
      ask({ targets: [target('db')], endsAt: new Date(Date.now() + seconds * 1_000) })
    expect((await endingIn(3_600)).userErrors).toEqual([])
    const refused = await endingIn(3_610)
    expect(refused).toMatchObject({
      requestId: null,
      userErrors: [{ code: 'POLICY_VIOLATION', constraint: 'DURATION', field: ['endsAt'], allowed: ['PT1H'] }],
    })
  })

  it('keeps what is permitted, and lists every constraint that the rest does not satisfy', async () => {
    const answer = await ask({
      targets: [
        target('db', { port: 22 }, { port: 5432, protocol: 'UDP' }, { port: 3389 }, { port: 53, protocol: 'TCP' }),
        target('web'),
      ],
      sources: ['192.0.2.0/24', '203.0.113.64/26'],
      durationSeconds: 3_000,
    })
    expect((await granted(answer)).map(({ port }) => port)).toEqual([22, 53])
    const port = (index: number) => ['targets', '0', 'ports', String(index)]
    expect(answer.userErrors).toMatchObject([
      { constraint: 'PROTOCOL', field: [...port(1), 'protocol'], asked: 'UDP', allowed: ['TCP'] },
      { constraint: 'SOURCE', field: ['sources', '0'], asked: '192.0.2.0/24', allowed: ['203.0.113.0/28'] },
      { constraint: 'SOURCE', field: ['sources', '1'], asked: '203.0.113.64/26', allowed: ['203.0.113.0/28'] },
      { constraint: 'DURATION', field: ['duration'], asked: 'PT50M', allowed: ['PT5M'] },
      { constraint: 'PORT', field: [...port(2), 'port'], allowed: ['22/TCP', '53/ANY', '5432/TCP', '8125/UDP'] },
      { constraint: 'SOURCE', field: ['sources', '0'], allowed: ['203.0.113.0/24', '198.51.100.0/24'] },
    ])
    expect(answer.userErrors.every(({ code }) => code === 'POLICY_VIOLATION')).toBe(true)
  })

  it('gets any single protocol where the policy has all, and all only where it has all', async () => {
    const dns = (protocol: 'TCP' | 'UDP' | 'ANY' | null) => ask({ targets: [target('db', { port: 53, protocol })] })
    expect(await granted(await dns('TCP'))).toMatchObject([{ protocol: 'TCP' }])
    expect(await granted(await dns('ANY'))).toMatchObject([{ protocol: 'ANY' }])
    expect(await granted(await dns(null))).toMatchObject([{ protocol: 'ANY' }])
    const ssh = await ask({ targets: [target('db', { port: 22, protocol: 'ANY' })] })
    expect(ssh.userErrors).toMatchObject([{ constraint: 'PROTOCOL', asked: 'ANY', allowed: ['TCP'] }])
  })

  it('gets one grant for a port that is named twice, and says so of the other', async () => {
    const { grantIds, userErrors } = await ask({
      targets: [target('db', { port: 53 }, { port: 53, protocol: 'TCP' }, { port: 22 }, { port: 22, protocol: 'TCP' })],
    })
    expect(grantIds).toHaveLength(2)
    expect(told(userErrors)).toEqual(['INVALID_INPUT at targets.0.ports.1', 'INVALID_INPUT at targets.0.ports.3'])
    const widened = await ask({ targets: [target('db', { port: 53, protocol: 'TCP' }, { port: 53, protocol: 'ANY' })] })
    expect(told(widened.userErrors)).toEqual(['INVALID_INPUT at targets.0.ports.1'])
  })

  it('is refused, for each source, where no address of the machine has its family', async () => {
    const sources = ['2001:db8::/64', '203.0.113.7', '2001:db8:1::/64']
    const { userErrors, grantIds } = await ask({ targets: [target('db'), target('dual')], sources })
    expect(told(userErrors)).toEqual(['CONFLICT at sources.0', 'CONFLICT at sources.2'])
    expect(await granted({ grantIds })).toMatchObject([{ vm_id: vmId('dual') }])
  })

  it('says of each machine that gets no grant why', async () => {
    const ids = ['web', 'bare', 'nowhere', 'ghost'].map((name) => target(name))
    const { userErrors } = await ask({ targets: [...ids, { vmId: vmId('db'), ports: [] }] })
    expect(told(userErrors)).toEqual([
      'CONFLICT at targets.1.virtualMachine',
      'NOT_FOUND at targets.2.virtualMachine',
      'CONFLICT at targets.3.virtualMachine',
      'INVALID_INPUT at targets.4.ports',
    ])
  })

  it('may be made by whoever has the right at the machine, and by nobody else', async () => {
    for (const viewer of [requester, operator, admin, person('vic', 'REQUESTER', vmId('web'))])
      expect((await ask({}, viewer)).userErrors).toEqual([])
    expect((await ask({}, reader)).userErrors).toMatchObject([
      { code: 'NOT_PERMITTED', action: 'Microsoft.Security/locations/jitNetworkAccessPolicies/initiate/action' },
    ])
    for (const viewer of [stranger, person('vic', 'REQUESTER', vmId('db'))])
      expect(told((await ask({}, viewer)).userErrors)).toEqual(['NOT_FOUND at targets.0.virtualMachine'])
  })
})

const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1_000)
const many = (count: number) => Array.from({ length: count }, (_, index) => index)
const refused: [string, () => Partial<RequestAccessInput>, string[]][] = [
  ['a duration and an end', () => ({ durationSeconds: 60, endsAt: inSeconds(60) }), ['INVALID_INPUT at endsAt']],
  ['an end that has passed', () => ({ endsAt: inSeconds(-1) }), ['INVALID_INPUT at endsAt']],
  ['an end in nine seconds', () => ({ endsAt: inSeconds(9) }), ['INVALID_INPUT at endsAt']],
  ['an end that is no moment', () => ({ endsAt: new Date(Number.NaN) }), ['INVALID_INPUT at endsAt']],
  ['nine seconds', () => ({ durationSeconds: 9 }), ['INVALID_INPUT at duration']],
  [
    'a justification of 1001 characters',
    () => ({ justification: 'j'.repeat(1_001) }),
    ['LIMIT_EXCEEDED at justification'],
  ],
  ['no target', () => ({ targets: [] }), ['INVALID_INPUT at targets']],
  ['101 targets', () => ({ targets: many(101).map((n) => target(`m-${n}`)) }), ['LIMIT_EXCEEDED at targets']],
  ['10,000 targets', () => ({ targets: many(10_000).map((n) => target(`m-${n}`)) }), ['LIMIT_EXCEEDED at targets']],
  [
    '501 ports',
    () => ({ targets: [target('web', ...many(501).map((n) => ({ port: n + 1 })))] }),
    ['LIMIT_EXCEEDED at targets'],
  ],
  [
    'a machine named twice, in another case',
    () => ({ targets: [target('web'), { vmId: vmId('WEB').toUpperCase(), ports: [{ port: 22 }] }] }),
    ['INVALID_INPUT at targets.1.virtualMachine'],
  ],
  [
    'a port that is none',
    () => ({ targets: [target('web', { port: 0 })] }),
    ['INVALID_INPUT at targets.0.ports.0.port'],
  ],
  ['an empty list of sources', () => ({ sources: [] }), ['INVALID_INPUT at sources']],
  ['51 sources', () => ({ sources: many(51).map((n) => `10.0.${n}.0/24`) }), ['LIMIT_EXCEEDED at sources']],
  [
    'sources that are no prefixes, have host bits, or overlap',
    () => ({ sources: ['office', '203.0.113.7/24', '203.0.113.0/24', '203.0.113.9'] }),
    ['INVALID_INPUT at sources.0', 'INVALID_INPUT at sources.1', 'INVALID_INPUT at sources.3'],
  ],
  ['a key of 256 characters', () => ({ idempotencyKey: 'k'.repeat(256) }), ['INVALID_INPUT at idempotencyKey']],
]

describe('a request is refused as a whole, with nothing written, for', () => {
  it.each(refused)('%s', async (_what, input, errors) => {
    const before = await everything(database.store)
    const answer = await ask({ idempotencyKey: 'refused', ...input() })
    expect(answer).toMatchObject({ requestId: null, grantIds: [] })
    expect(told(answer.userErrors)).toEqual(errors)
    expect(await everything(database.store)).toEqual(before)
  })
})
