import { createHash } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { globalId } from '../../src/graphql/global-id.ts'
import { openStore } from '../../src/store/open.ts'
import { systemClock } from '../../src/time/clock.ts'
import { person } from '../graphql/support/context.ts'
import { stories } from '../graphql/support/stories.ts'
import { accounts, grants, machines, writeTwoAccounts } from '../graphql/support/two-accounts.ts'
import { handClock } from '../support/clock.ts'
import { rolesVersionSql } from '../../src/store/roles-version.ts'
import { useDatabase } from '../support/database.ts'
import { serveReal } from './support/real-schema.ts'

const database = useDatabase()
const viewers = [person('ada', 'POLICY_ADMIN'), person('nobody', null)]
const [machine, grant] = [machines[0]?.id ?? '', grants[0]]
const ada = { authorization: 'Bearer 0' }
const names = '{ virtualMachines(first: 2, orderBy: RESOURCE_ID) { nodes { name } } }'
const firstNames = '{"data":{"virtualMachines":{"nodes":[{"name":"db"},{"name":"web"}]}}}'

beforeAll(() => writeTwoAccounts(database.store))

/** Answered without a statement: whoever asks is known. */
const known = new Set(['who-am-i', 'explain-access'])
/** Decided in code, and so the executor's to answer. */
const decided = new Set(['evaluate-access', 'preview-policy-templates'])

/** Ids for the documents of the stories; of a template that is not there. */
const nobody = globalId('PolicyTemplate', '01980000-0000-7000-8000-000000000001')

function variablesOf(name: string): object {
  const ids: Record<string, string> = {
    'show-policy': globalId('Policy', machines[0]?.policy ?? ''),
    'show-request': globalId('Request', grant?.request ?? ''),
    'show-grant': globalId('Grant', grant?.id ?? ''),
    'show-account': globalId('Account', accounts[0]),
    'boundary-with-rules': globalId('Boundary', machines[0]?.boundary ?? ''),
    'taken-rules': globalId('Boundary', machines[0]?.boundary ?? ''),
    'show-lockdown': globalId('Lockdown', '01980000-0000-7000-8000-000000000001'),
    'show-role': globalId('Role', 'READER'),
    'show-policy-template': nobody,
  }
  const id = ids[name] ?? globalId('VirtualMachine', machine)
  return { id, ids: [id, globalId('Grant', grant?.id ?? '')], virtualMachine: id, template: nobody, first: 20 }
}

/** Does something while nobody can read machines, as soon as a statement waits to. */
async function whileLocked<Done>(
  asked: () => Promise<Done>,
  waiting: (pid: number) => Promise<unknown>,
): Promise<Done> {
  const client = await database.store.pool.connect()
  try {
    await client.query('begin; lock table virtual_machines')
    const done = asked()
    for (let pid: number | undefined; pid === undefined;) {
      const { rows } = await client.query<{ pid: number }>(
        `select pid from pg_locks where not granted and database = (select oid from pg_database where datname = current_database())`,
      )
      pid = rows[0]?.pid
      if (pid !== undefined) await waiting(pid)
    }
    return await done
  } finally {
    await client.query('rollback')
    client.release()
  }
}

describe('a query that is all read from the database', () => {
  const read = [...stories].filter(([name, text]) => /^query /m.test(text) && !known.has(name) && !decided.has(name))

  it.each(read)('%s costs one statement, which answers it whole', async (name, query) => {
    const gateway = await serveReal(database.store, viewers)
    const response = await gateway.post({ query, variables: variablesOf(name) }, ada)
    expect(await response.text()).toMatch(/^\{"data":\{"/)
    expect(gateway.statements).toEqual([expect.stringContaining(`, ${rolesVersionSql()}`)])
  })

  it('has one plan for all who hold roles at the same levels, wherever that is', async () => {
    const readers = accounts.map((id) => person(id, 'READER', `/subscriptions/${id}`))
    const gateway = await serveReal(database.store, [...viewers, ...readers])
    const query = names.replace('name', 'id')
    const answerTo = async (viewer: number) =>
      (await gateway.post({ query }, { authorization: `Bearer ${String(viewer)}` })).text()
    expect(await answerTo(0)).toBe(await answerTo(2))
    expect(await answerTo(1)).toBe('{"data":{"virtualMachines":{"nodes":[]}}}')
    expect(await answerTo(2)).not.toBe(await answerTo(3))
    expect(new Set(gateway.statements).size).toBe(3)
  })

  it.each(['application/json', 'application/graphql-response+json'])(
    'is sent as %s to who takes that',
    async (accept) => {
      const gateway = await serveReal(database.store, viewers)
      const url = `${gateway.url}/graphql?query=${encodeURIComponent(names)}`
      const answers = [
        await gateway.post({ query: names }, { ...ada, accept }),
        await fetch(url, { headers: { ...ada, accept, 'apollo-require-preflight': 'yes' } }),
      ]
      for (const answer of answers) {
        expect(answer.headers.get('content-type')).toBe(`${accept}; charset=utf-8`)
        expect(await answer.text()).toBe(firstNames)
      }
      expect(gateway.statements).toHaveLength(2)
    },
  )

  it('runs nothing when another part of the call is refused', async () => {
    const gateway = await serveReal(database.store, viewers)
    const response = await gateway.post({ query: names, surprise: true }, ada)
    expect(response.status).toBe(400)
    expect(gateway.statements).toEqual([])
  })

  it('is bound by cost as anything else, page by page', async () => {
    const gateway = await serveReal(database.store, viewers)
    const nested = 'grants(first: $first) { nodes { activity(first: $first) { nodes { id } } } }'
    const query = `query ($first: Int) { virtualMachines(first: $first) { nodes { ${nested} } } }`
    const answers: string[] = []
    for (const first of [2, 100, 2])
      answers.push(await (await gateway.post({ query, variables: { first } }, ada)).text())
    expect(answers[0]).toBe(answers[2])
    expect(answers[1]).toContain('"code":"OPERATION_TOO_COSTLY"')
    expect(gateway.statements).toHaveLength(2)
  })
})

describe('a registered document', () => {
  it('is answered by its hash in one statement, and nothing else runs where only those may', async () => {
    const hash = createHash('sha256').update(names).digest('hex')
    const persisted = { operations: new Map([[hash, names]]), only: true }
    const gateway = await serveReal(database.store, viewers, { api: { persisted } })
    const extensions = { persistedQuery: { version: 1, sha256Hash: hash } }
    expect(await (await gateway.post({ extensions }, ada)).text()).toBe(firstNames)
    expect(gateway.statements).toHaveLength(1)
    expect(await (await gateway.post({ query: names }, ada)).text()).toContain('"code":"CANNOT_SEND_PQ_ID_AND_BODY"')
    expect(gateway.statements).toHaveLength(1)
  })
})

describe('a statement that fails', () => {
  it('because the database is away is not waited for again, and is answered as the executor would', async () => {
    const store = await openStore(database.url)
    await store.close()
    const query = `{ account(id: "${globalId('Account', accounts[0])}") { name } node(id: "${globalId('Account', accounts[0])}") { id } }`
    const answers: string[] = []
    for (const plans of [true, false]) {
      const gateway = await serveReal(store, viewers, { plans })
      const response = await gateway.post({ query }, ada)
      expect(response.status).toBe(503)
      expect(response.headers.get('retry-after')).toBe('2')
      answers.push(await response.text())
      expect(gateway.statements).toHaveLength(plans ? 1 : 2)
    }
    expect(answers[0]).toBe(answers[1])
    expect(answers[0]).toContain('"path":["node"],"extensions":{"code":"UNAVAILABLE","retryable":true')
  })

  it('because it was cancelled for time is not run again', async () => {
    const gateway = await serveReal(database.store, viewers)
    const cancel = (pid: number) => database.store.pool.query('select pg_cancel_backend($1)', [pid])
    const response = await whileLocked(() => gateway.post({ query: names }, ada), cancel)
    expect(response.status).toBe(503)
    expect(await response.json()).toMatchObject({
      data: null,
      errors: [{ path: ['virtualMachines'], extensions: { code: 'UNAVAILABLE' } }],
    })
    expect(gateway.statements).toHaveLength(1)
  })

  it('is answered as unavailable when it takes too long, as any operation is', async () => {
    const answers: string[] = []
    for (const plans of [true, false]) {
      const clock = handClock(systemClock.now())
      const gateway = await serveReal(database.store, viewers, { plans, server: { clock } })
      const response = await whileLocked(
        () => gateway.post({ query: names }, ada),
        async () => {
          await clock.advance(30_000)
        },
      )
      expect(response.status).toBe(503)
      answers.push(await response.text())
    }
    expect(answers[0]).toBe(answers[1])
    expect(answers[0]).toContain('"code":"UNAVAILABLE"')
  })
})
