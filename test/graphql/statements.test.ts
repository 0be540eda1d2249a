import { beforeAll, describe, expect, it } from 'vitest'
import { actions } from '../../src/access/role.ts'
import { enableJit } from '../../src/commands/enable-jit.ts'
import { lockDown } from '../../src/commands/lock-down.ts'
import { requestAccess } from '../../src/commands/request-access.ts'
import { globalId } from '../../src/graphql/global-id.ts'
import { useDatabase } from '../support/database.ts'
import { watchedStore } from '../support/watched-store.ts'
import { ask } from './support/ask.ts'
import { person } from './support/context.ts'
import { accountId, boundaryId, machineId, machineKey, writeSmallEstate } from './support/small-estate.ts'
import { stories } from './support/stories.ts'

const database = useDatabase()
const admin = person('ada', 'POLICY_ADMIN')
const names = Array.from({ length: 20 }, (_, index) => `web-${index}`)
const ids: Record<string, string> = {}
const nobody = globalId('PolicyTemplate', '00000000-0000-4000-8000-000000000000')

beforeAll(async () => {
  const { store } = database
  await writeSmallEstate(store, names)
  const { results } = await enableJit({ store, viewer: admin }, { vmIds: names.map(machineKey) })
  const targets = names.map((name) => ({ vmId: machineKey(name), ports: [{ port: 22 }] }))
  const asked = await requestAccess({ store, viewer: admin }, { targets, durationSeconds: 600 })
  const locked = await lockDown({ store, viewer: admin }, { scope: machineKey('relic'), reason: 'a drill' })
  Object.assign(ids, {
    lockdown: globalId('Lockdown', locked.id ?? ''),
    policy: globalId('Policy', results[0]?.policyId ?? ''),
    request: globalId('Request', asked.requestId ?? ''),
    grant: globalId('Grant', asked.grantIds[0] ?? ''),
  })
})

/** A store that counts its statements: those of reads, and those of transactions with their commits. */
function counting() {
  let count = 0
  let inTransactions = 0
  const { pool, db } = database.store
  const query = ((...args: Parameters<typeof pool.query>) => {
    count += 1
    return pool.query(...args)
  }) as typeof pool.query
  const counted = new Proxy(pool, {
    get: (target, name) => (name === 'query' ? query : Reflect.get(target, name, target)),
  })
  const store = watchedStore({ pool: counted, db }, () => {
    inTransactions += 1
  })
  return { store, count: () => count, inTransactions: () => inTransactions }
}

const queries = [...stories].filter(([, text]) => /^query /m.test(text))
const variables = (name: string): object => {
  const byName: Record<string, string | undefined> = {
    'show-policy': ids['policy'],
    'show-request': ids['request'],
    'show-grant': ids['grant'],
    'taken-rules': boundaryId('front'),
    'show-lockdown': ids['lockdown'],
    'show-account': accountId,
    'boundary-with-rules': boundaryId('front'),
    'show-role': globalId('Role', 'READER'),
    'show-policy-template': nobody,
  }
  const id = byName[name] ?? machineId('web-0')
  const targets = names.map((one) => ({ virtualMachine: machineId(one), ports: [{ port: 22 }] }))
  const input = name === 'evaluate-access' ? { targets } : { scope: '/', templates: [] }
  return {
    id,
    template: nobody,
    input,
    ids: [id, ids['grant']],
    virtualMachine: id,
    first: 20,
    action: actions.readGrant,
    scope: '/',
  }
}

/** Of queries that are decided in code: the statements of the evaluation and its commit, for any number of machines. */
const decided: Readonly<Record<string, number>> = { 'evaluate-access': 6, 'preview-policy-templates': 8 }

describe('a query', () => {
  it.each(queries)('%s costs one statement a root field, whatever it selects', async (name, text) => {
    const { store, count, inTransactions } = counting()
    const answer = await ask<object>(store, admin, text, variables(name))
    // Whoever asks is known already: the viewer costs nothing.
    expect(count()).toBeLessThanOrEqual(Object.keys(answer).length)
    expect(inTransactions()).toBe(decided[name] ?? 0)
  })

  it('costs no more for twenty rows than for two', async () => {
    const document = `query ($first: Int!) { virtualMachines(first: $first) { nodes {
      name policy { ports { port } } interfaces { path { boundary { name } } }
      grants(first: 5) { nodes { enforcements { status } activity(first: 3) { nodes { kind } } } } } } }`
    const costs: number[] = []
    for (const first of [2, 20]) {
      const { store, count } = counting()
      const { virtualMachines } = await ask<any>(store, admin, document, { first })
      expect(virtualMachines.nodes).toHaveLength(first)
      costs.push(count())
    }
    expect(costs).toEqual([1, 1])
  })

  it('costs as many statements as its root fields when it asks for the same twice in two ways', async () => {
    const { store, count } = counting()
    const document = `{ a: grants(first: 1) { nodes { id } } b: grants(last: 1) { nodes { id } } }`
    const { a, b } = await ask<any>(store, admin, document)
    expect(a.nodes[0].id).not.toBe(b.nodes[0].id)
    expect(count()).toBe(2)
  })
})

describe('a bulk verb', () => {
  it('reads all that is selected of its results by one statement a field, however many there are', async () => {
    const document = `mutation ($machines: [ID!]!) { enableJit(input: { virtualMachines: $machines }) {
      results { virtualMachine { name policy { version } } policy { ports { port } } userErrors { code } } } }`
    const { store, count } = counting()
    await ask(store, admin, document, { machines: names.map(machineId) })
    expect(count()).toBeLessThanOrEqual(2)
  })
})
