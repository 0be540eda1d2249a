import { graphql } from 'graphql'
import { beforeAll, describe, expect, it } from 'vitest'
import { globalId } from '../../src/graphql/global-id.ts'
import { useDatabase } from '../support/database.ts'
import { schema } from './support/ask.ts'
import { contextOf, person } from './support/context.ts'
import {
  accountId,
  machineId,
  machineKey,
  resourceGroup,
  subscription,
  writeSmallEstate,
} from './support/small-estate.ts'

const database = useDatabase()
const admin = person('ada', 'POLICY_ADMIN')
let policy = ''

beforeAll(async () => {
  await writeSmallEstate(database.store, ['web', 'spare'])
  const made = await run(
    'enableJit',
    { virtualMachines: [machineId('web')], idempotencyKey: 'used' },
    '{ results { policy { id } } }',
  )
  policy = made.data.enableJit.results[0].policy.id
})

const errors = 'userErrors { code message field }'
const selections: Record<string, string> = {
  enableJit: `{ results { ${errors} } ${errors} }`,
  updatePolicy: `{ results { ${errors} } ${errors} }`,
  disableJit: `{ results { ${errors} } ${errors} }`,
}

/** Runs a verb as the policy admin and answers data and errors as they are. */
async function run(verb: string, input: object, selection = selections[verb] ?? `{ ${errors} }`, viewer = admin) {
  const name = `${verb.charAt(0).toUpperCase()}${verb.slice(1)}Input!`
  const answer = await graphql({
    schema,
    source: `mutation ($input: ${name}) { ${verb}(input: $input) ${selection} }`,
    variableValues: { input },
    contextValue: contextOf(database.store, viewer),
  })
  return JSON.parse(JSON.stringify(answer)) as { data?: any; errors?: { message: string }[] }
}

/** How many rows every table has. */
async function rowCounts(): Promise<object> {
  const { rows: tables } = await database.store.pool.query<{ name: string }>(
    `select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'`,
  )
  const counts = tables.map(async ({ name }) => {
    const { rows } = await database.store.pool.query<{ n: string }>(`select count(*) as n from "${name}"`)
    return [name, rows[0]?.n]
  })
  return Object.fromEntries(await Promise.all(counts)) as object
}

const many = (count: number, of: (index: number) => string) => Array.from({ length: count }, (_, index) => of(index))
const unknown = globalId('VirtualMachine', machineKey('nowhere'))
const ask = (more: object = {}, target: object = {}) => ({
  targets: [{ virtualMachine: machineId('web'), ports: [{ port: 22 }], ...target }],
  sources: ['203.0.113.7'],
  ...more,
})
const protect = (port: object) => ({ virtualMachines: [machineId('spare')], ports: [{ port: 8080, ...port }] })

/** What is wrong, the verb, its input, the code of the refusal and the place it names. */
const refused: [string, string, object, string, string][] = [
  ['port 0', 'enableJit', protect({ port: 0 }), 'INVALID_INPUT', 'ports.0.port'],
  ['port 65536', 'enableJit', protect({ port: 65_536 }), 'INVALID_INPUT', 'ports.0.port'],
  ['a negative port', 'enableJit', protect({ port: -1 }), 'INVALID_INPUT', 'ports.0.port'],
  ['host bits', 'enableJit', protect({ allowedSources: ['10.0.0.1/8'] }), 'INVALID_INPUT', 'ports.0.allowedSources.0'],
  [
    'overlapping prefixes',
    'enableJit',
    protect({ allowedSources: ['10.0.0.0/8', '10.1.0.0/16'] }),
    'INVALID_INPUT',
    'ports.0.allowedSources.1',
  ],
  ['no prefix', 'enableJit', protect({ allowedSources: [] }), 'INVALID_INPUT', 'ports.0.allowedSources'],
  ['no CIDR', 'enableJit', protect({ allowedSources: ['office'] }), 'INVALID_INPUT', 'ports.0.allowedSources.0'],
  ['four minutes', 'enableJit', protect({ maximumDuration: 'PT4M' }), 'INVALID_INPUT', 'ports.0.maximumDuration'],
  ['25 hours', 'enableJit', protect({ maximumDuration: 'PT25H' }), 'INVALID_INPUT', 'ports.0.maximumDuration'],
  [
    'ANY beside TCP',
    'enableJit',
    { virtualMachines: [machineId('spare')], ports: [{ port: 22 }, { port: 22, protocol: 'ANY' }] },
    'INVALID_INPUT',
    'ports.1',
  ],
  ['no ports', 'enableJit', { virtualMachines: [machineId('spare')], ports: [] }, 'INVALID_INPUT', 'ports'],
  [
    '51 ports',
    'enableJit',
    { virtualMachines: [machineId('spare')], ports: many(51, String).map((_, index) => ({ port: index + 1 })) },
    'LIMIT_EXCEEDED',
    'ports',
  ],
  ['no machine', 'enableJit', { virtualMachines: [] }, 'INVALID_INPUT', 'virtualMachines'],
  [
    '10,000 machines',
    'enableJit',
    { virtualMachines: many(10_000, (index) => machineId(`m-${index}`)) },
    'LIMIT_EXCEEDED',
    'virtualMachines',
  ],
  [
    'a machine named twice',
    'enableJit',
    { virtualMachines: [machineId('spare'), machineId('spare')] },
    'INVALID_INPUT',
    'virtualMachines.1',
  ],
  ['an unknown machine', 'enableJit', { virtualMachines: [unknown] }, 'NOT_FOUND', 'virtualMachines.0'],
  ['an id of another type', 'enableJit', { virtualMachines: [accountId] }, 'NOT_FOUND', 'virtualMachines.0'],
  ['no id at all', 'enableJit', { virtualMachines: ["'; drop table grants; --"] }, 'NOT_FOUND', 'virtualMachines.0'],
  ['a classic machine', 'enableJit', { virtualMachines: [machineId('relic')] }, 'CONFLICT', 'virtualMachines.0'],
  ['JIT enabled twice', 'enableJit', { virtualMachines: [machineId('web')] }, 'CONFLICT', 'virtualMachines.0'],
  [
    'a key with another body',
    'enableJit',
    { virtualMachines: [machineId('spare')], idempotencyKey: 'used' },
    'CONFLICT',
    'idempotencyKey',
  ],
  [
    'a key of 256 characters',
    'enableJit',
    { virtualMachines: [machineId('spare')], idempotencyKey: 'k'.repeat(256) },
    'INVALID_INPUT',
    'idempotencyKey',
  ],
  [
    'ports and the recommended ones',
    'enableJit',
    { ...protect({}), recommended: true },
    'INVALID_INPUT',
    'recommended',
  ],
  ['nothing to change', 'updatePolicy', { policies: ['POLICY'] }, 'INVALID_INPUT', ''],
  [
    'the last port taken out',
    'updatePolicy',
    { policies: ['POLICY'], removePorts: [{ port: 22 }] },
    'CONFLICT',
    'removePorts',
  ],
  [
    'a port it does not have',
    'updatePolicy',
    { policies: ['POLICY'], removePorts: [{ port: 23 }] },
    'CONFLICT',
    'removePorts.0',
  ],
  ['an unknown policy', 'updatePolicy', { policies: [unknown], setPorts: [{ port: 1 }] }, 'NOT_FOUND', 'policies.0'],
  [
    'a policy named twice',
    'updatePolicy',
    { policies: ['POLICY', 'POLICY'], setPorts: [{ port: 1 }] },
    'INVALID_INPUT',
    'policies',
  ],
  ['JIT that is not enabled', 'disableJit', { virtualMachines: [machineId('spare')] }, 'CONFLICT', 'virtualMachines.0'],
  ['port 65536', 'requestAccess', ask({}, { ports: [{ port: 65_536 }] }), 'INVALID_INPUT', 'targets.0.ports.0.port'],
  [
    'a port outside the policy',
    'requestAccess',
    ask({}, { ports: [{ port: 23 }] }),
    'POLICY_VIOLATION',
    'targets.0.ports.0.port',
  ],
  [
    'a port named twice',
    'requestAccess',
    ask({}, { ports: [{ port: 22, protocol: 'UDP' }, { port: 23 }] }),
    'POLICY_VIOLATION',
    'targets.0.ports.0.protocol',
  ],
  ['no ports', 'requestAccess', ask({}, { ports: [] }), 'INVALID_INPUT', 'targets.0.ports'],
  ['no targets', 'requestAccess', { ...ask(), targets: [] }, 'INVALID_INPUT', 'targets'],
  [
    '10,000 targets',
    'requestAccess',
    {
      ...ask(),
      targets: many(10_000, (index) => machineId(`m-${index}`)).map((id) => ({
        virtualMachine: id,
        ports: [{ port: 22 }],
      })),
    },
    'LIMIT_EXCEEDED',
    'targets',
  ],
  [
    'a target named twice',
    'requestAccess',
    { ...ask(), targets: [ask().targets[0], ask().targets[0]] },
    'INVALID_INPUT',
    'targets.1.virtualMachine',
  ],
  [
    'an unknown machine',
    'requestAccess',
    ask({}, { virtualMachine: unknown }),
    'NOT_FOUND',
    'targets.0.virtualMachine',
  ],
  [
    'a machine without JIT',
    'requestAccess',
    ask({}, { virtualMachine: machineId('spare') }),
    'CONFLICT',
    'targets.0.virtualMachine',
  ],
  ['host bits', 'requestAccess', ask({ sources: ['203.0.113.7/24'] }), 'INVALID_INPUT', 'sources.0'],
  ['no source', 'requestAccess', ask({ sources: [] }), 'INVALID_INPUT', 'sources'],
  [
    'a source of a family it has no address of',
    'requestAccess',
    ask({ sources: ['2001:db8::/64'] }),
    'CONFLICT',
    'sources.0',
  ],
  ['four hours', 'requestAccess', ask({ duration: 'PT4H' }), 'POLICY_VIOLATION', 'duration'],
  ['nine seconds', 'requestAccess', ask({ duration: 'PT9S' }), 'INVALID_INPUT', 'duration'],
  ['an end that has passed', 'requestAccess', ask({ endsAt: '2020-01-01T00:00:00Z' }), 'INVALID_INPUT', 'endsAt'],
  ['an end beyond the policy', 'requestAccess', ask({ endsAt: '2999-01-01T00:00:00Z' }), 'POLICY_VIOLATION', 'endsAt'],
  [
    'a duration and an end',
    'requestAccess',
    ask({ duration: 'PT1H', endsAt: '2999-01-01T00:00:00Z' }),
    'INVALID_INPUT',
    'endsAt',
  ],
  [
    'a long justification',
    'requestAccess',
    ask({ justification: 'x'.repeat(1_001) }),
    'LIMIT_EXCEEDED',
    'justification',
  ],
  ['a zero character', 'requestAccess', ask({ justification: 'a\u0000b' }), 'INVALID_INPUT', 'justification'],
  ['half a surrogate pair', 'requestAccess', ask({ justification: 'a\ud800b' }), 'INVALID_INPUT', 'justification'],
  [
    'an unknown grant',
    'releaseGrant',
    { grant: globalId('Grant', '00000000-0000-4000-8000-00000000dead') },
    'NOT_FOUND',
    'grant',
  ],
  ['no id of a grant', 'revokeGrant', { grant: machineId('web') }, 'NOT_FOUND', 'grant'],
  ['no GUID', 'registerAccount', { subscriptionId: 'production' }, 'INVALID_INPUT', 'subscriptionId'],
  ['a long name', 'registerAccount', { subscriptionId: subscription, name: 'n'.repeat(101) }, 'INVALID_INPUT', 'name'],
  [
    'an unknown account',
    'syncAccount',
    { account: globalId('Account', '00000000-0000-4000-8000-00000000dead') },
    'NOT_FOUND',
    'account',
  ],
  ['a long name', 'updateAccount', { account: accountId, name: 'n'.repeat(101) }, 'INVALID_INPUT', 'name'],
  [
    'no scope',
    'assignRole',
    { principalKind: 'USER', principalId: 'zoe', role: 'READER', scope: '/resourcegroups/shop' },
    'INVALID_INPUT',
    'scope',
  ],
  [
    'nobody',
    'assignRole',
    { principalKind: 'USER', principalId: ' ', role: 'READER', scope: resourceGroup },
    'INVALID_INPUT',
    'principalId',
  ],
  ['an unknown assignment', 'removeRole', { roleAssignment: 'nonsense' }, 'NOT_FOUND', 'roleAssignment'],
]

describe('a verb that is asked for what cannot be', () => {
  it.each(refused.map(([what, verb, input, code, field]) => ({ what, verb, input, code, field })))(
    '$verb answers $what with $code at "$field", and writes nothing',
    async ({ verb, input, code, field }) => {
      const before = await rowCounts()
      const named = JSON.parse(JSON.stringify(input).replaceAll('"POLICY"', JSON.stringify(policy))) as object
      const given =
        JSON.stringify(input).includes('\\u0000') || JSON.stringify(input).includes('\\ud800') ? input : named
      const { data, errors: thrown } = await run(verb, given)
      expect(thrown).toBeUndefined()
      const payload = data[verb]
      const told = [...payload.userErrors, ...(payload.results ?? []).flatMap((result: any) => result.userErrors)]
      expect(told.map((error: any) => ({ code: error.code, field: error.field.join('.') }))).toContainEqual({
        code,
        field,
      })
      for (const { message } of told) expect(message).toMatch(/^.{8,}[.?]$/)
      expect(await rowCounts()).toEqual(before)
    },
  )

  it.each([
    ['enableJit', protect({ maximumDuration: 'abc' }), 'Duration'],
    ['enableJit', protect({ port: 'ssh' }), 'Int'],
    ['requestAccess', ask({ endsAt: 'tomorrow' }), 'DateTime'],
    ['requestAccess', ask({ sources: [7] }), 'CIDR'],
    ['enableJit', {}, 'virtualMachines'],
  ])('%s never runs with a value that is none: %o', async (verb, input, what) => {
    const before = await rowCounts()
    const { data, errors: thrown } = await run(verb, input)
    expect(data).toBeUndefined()
    expect(thrown?.[0]?.message).toContain(what)
    expect(await rowCounts()).toEqual(before)
  })
})

describe('a viewer without roles', () => {
  const nobody = person('stranger', null)

  it.each([
    ['enableJit', { virtualMachines: [machineId('spare')] }],
    ['updatePolicy', { policies: ['POLICY'], setPorts: [{ port: 1 }] }],
    ['disableJit', { virtualMachines: [machineId('web')] }],
    ['requestAccess', ask()],
    ['registerAccount', { subscriptionId: '00000000-0000-4000-8000-00000000beef' }],
    ['syncAccount', { account: accountId }],
    ['updateAccount', { account: accountId }],
    ['assignRole', { principalKind: 'USER', principalId: 'stranger', role: 'POLICY_ADMIN', scope: '/' }],
  ])('is refused by %s, and nothing is written', async (verb, input) => {
    const before = await rowCounts()
    const named = JSON.parse(JSON.stringify(input).replaceAll('"POLICY"', JSON.stringify(policy))) as object
    const { data, errors: thrown } = await run(verb, named, undefined, nobody)
    expect(thrown).toBeUndefined()
    const payload = data[verb]
    const told = [...payload.userErrors, ...(payload.results ?? []).flatMap((result: any) => result.userErrors)]
    expect(told.map(({ code }: any) => code)).toEqual([expect.stringMatching(/^NOT_(FOUND|PERMITTED)$/)])
    expect(await rowCounts()).toEqual(before)
  })
})
