import { beforeAll, describe, expect, it } from 'vitest'
import { globalId } from '../../src/graphql/global-id.ts'
import { ask } from '../graphql/support/ask.ts'
import { useDatabase } from '../support/database.ts'
import { account, admin, nobody, protect, vmId } from './support/estate.ts'
import { everything } from './support/look.ts'

const database = useDatabase()
const encoded = (text: string) => Buffer.from(text).toString('base64url')

/** Ids that no thing has, or that are none. */
const ids = [
  '',
  'x',
  nobody,
  globalId('Grant', nobody),
  encoded('Grant:nonsense'),
  encoded("Grant:'; drop table grants; --"),
  encoded(`Policy:${nobody.toUpperCase()}`),
  encoded('Policy:{00000000-0000-4000-8000-000000000000}'),
  encoded('VirtualMachine:../../etc'),
  encoded(`VirtualMachine:${vmId('WEB').toUpperCase()}`),
  encoded(`VirtualMachine:${vmId('web')}\0`),
  encoded(`Account:${account} `),
  globalId('Activity', '1'),
  '\0',
  '\ud800',
  '💥'.repeat(2_000),
]

/** For each verb that takes an id, its input for one. */
const inputs: Record<string, (id: string) => object> = {
  enableJit: (id) => ({ virtualMachines: [id] }),
  updatePolicy: (id) => ({ policies: [id], setPorts: [{ port: 22 }] }),
  disableJit: (id) => ({ virtualMachines: [id] }),
  requestAccess: (id) => ({ targets: [{ virtualMachine: id, ports: [{ port: 22 }] }], sources: ['192.0.2.1'] }),
  extendGrant: (id) => ({ grant: id }),
  releaseGrant: (id) => ({ grant: id }),
  revokeGrant: (id) => ({ grant: id }),
  reviewBreakGlass: (id) => ({ request: id, note: 'was needed' }),
  liftLockDown: (id) => ({ lockdown: id }),
  syncAccount: (id) => ({ account: id }),
  updateAccount: (id) => ({ account: id }),
  assignRole: (id) => ({ principalKind: 'USER', principalId: 'pat', role: id, scope: '/' }),
  updateCustomRole: (id) => ({ role: id, name: 'other' }),
  removeCustomRole: (id) => ({ role: id }),
  removeRole: (id) => ({ roleAssignment: id }),
}
const bulk = ['enableJit', 'updatePolicy', 'disableJit']

interface Answer {
  readonly userErrors: readonly { readonly code: string }[]
  readonly results?: readonly { readonly userErrors: readonly { readonly code: string }[] }[]
}

const call = async (verb: string, input: object): Promise<string[]> => {
  const type = `${verb.charAt(0).toUpperCase()}${verb.slice(1)}Input`
  const errors = `${bulk.includes(verb) ? 'results { userErrors { code } }' : ''} userErrors { code }`
  const text = `mutation ($input: ${type}!) { answer: ${verb}(input: $input) { ${errors} } }`
  const { answer } = await ask<{ answer: Answer }>(database.store, admin, text, { input })
  return [...answer.userErrors, ...(answer.results ?? []).flatMap(({ userErrors }) => userErrors)].map(
    ({ code }) => code,
  )
}

beforeAll(() => protect(database.store, 'web'))

describe.each(Object.entries(inputs))('%s', (verb, input) => {
  it('answers an id that is none as one of a thing that is not there, never with a failure', async () => {
    const before = await everything(database.store)
    for (const id of ids) {
      const unwritable = id.includes('\0') || !id.isWellFormed()
      expect(await call(verb, input(id)), JSON.stringify(id.slice(0, 60))).toEqual([
        unwritable ? 'INVALID_INPUT' : 'NOT_FOUND',
      ])
    }
    expect(await everything(database.store)).toEqual(before)
  })
})

it.each(bulk)('%s says so of each such id of a list, also of one that is there twice', async (verb) => {
  const list = { virtualMachines: ['x', 'y', 'x'] }
  const input = verb === 'updatePolicy' ? { policies: ['x', 'y', 'x'], setPorts: [{ port: 22 }] } : list
  expect(await call(verb, input)).toEqual(['NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND'])
})
