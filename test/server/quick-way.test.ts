import { once } from 'node:events'
import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { beforeAll, describe, expect, it } from 'vitest'
import { person } from '../graphql/support/context.ts'
import { writeTwoAccounts } from '../graphql/support/two-accounts.ts'
import { useDatabase } from '../support/database.ts'
import { serveReal } from './support/real-schema.ts'

const database = useDatabase()
const viewers = [person('ada', 'POLICY_ADMIN')]
const names = '{ virtualMachines(first: 2, orderBy: RESOURCE_ID) { nodes { name } } }'
const origins = ['https://one.example', 'https://two.example']

beforeAll(() => writeTwoAccounts(database.store))

interface Sent {
  readonly method?: string
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** Sends bytes as they are: a client library would add headers of its own. */
async function send(url: string, { method = 'POST', path = '/graphql', headers = {}, body = '' }: Sent) {
  const length = method === 'GET' ? {} : { 'content-length': String(Buffer.byteLength(body)) }
  const asked = request(new URL(path, url), {
    method,
    agent: false,
    headers: { 'content-type': 'application/json', authorization: 'Bearer 0', ...length, ...headers },
  })
  asked.end(method === 'GET' ? undefined : body)
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  const text = Buffer.concat((await response.toArray()) as Buffer[]).toString()
  const { date: _date, ...shown }: IncomingHttpHeaders = response.headers
  return { status: response.statusCode, headers: shown, text }
}

const asks = (query: string, more: object = {}) => JSON.stringify({ query, ...more })
const plain = asks(names)
const calls: Readonly<Record<string, Sent>> = {
  'a query': { body: plain },
  'a query that takes anything': { body: plain, headers: { accept: '*/*' } },
  'a query that takes JSON': { body: plain, headers: { accept: 'application/json' } },
  'a query that takes answers of GraphQL first': {
    body: plain,
    headers: { accept: 'application/graphql-response+json, application/json;q=0.9' },
  },
  'a query that takes JSON first': {
    body: plain,
    headers: { accept: 'text/html, application/json, application/graphql-response+json' },
  },
  'a query that takes another charset': { body: plain, headers: { accept: 'application/json; charset=latin1, */*' } },
  'a query that takes nothing there is': { body: plain, headers: { accept: 'image/png' } },
  'a query from a page that may ask': { body: plain, headers: { origin: origins[1] ?? '' } },
  'a query from a page that may not': { body: plain, headers: { origin: 'https://evil.example' } },
  'a query by GET': {
    method: 'GET',
    path: `/graphql?query=${encodeURIComponent(names)}`,
    headers: { 'x-graphql-yoga-csrf': '1' },
  },
  'a query with a charset': { body: plain, headers: { 'content-type': 'application/json; charset=utf-8' } },
  'a query as a simple form': { body: plain, headers: { 'content-type': 'text/plain' } },
  'a query longer than most': { body: asks(`${names} # ${'x'.repeat(70_000)}`) },
  'an empty body': { body: '' },
  'no JSON': { body: '{"query":' },
  'a list of calls': { body: `[${plain}]` },
  'variables that are a list': { body: asks(names, { variables: [] }) },
  'a part that nobody knows': { body: asks(names, { surprise: true }) },
  'a document that does not parse': { body: asks('{ virtualMachines(') },
  'a document that is refused': { body: asks('{ nothing }') },
  'an argument that is refused': { body: asks('{ virtualMachines(first: 101) { nodes { name } } }') },
  'a mutation that is refused': { body: asks('mutation { releaseGrant(input: { grant: "x" }) { grant { id } } }') },
}

describe('whatever is sent', () => {
  it.each([
    ['no page of another origin may ask', []],
    ['one origin may ask', origins.slice(0, 1)],
    ['two origins may ask', origins],
  ])('is answered ahead of the pipeline as the pipeline would, header for header, where %s', async (_what, allowed) => {
    const api = { corsOrigins: allowed }
    const quick = await serveReal(database.store, viewers, { api })
    const common = await serveReal(database.store, viewers, { api, plans: false })
    for (const [what, call] of Object.entries(calls))
      expect({ what, ...(await send(quick.url, call)) }).toEqual({ what, ...(await send(common.url, call)) })
  })
})

describe('a body that breaks off', () => {
  it('asks for nothing, and leaves the gateway answering', async () => {
    const gateway = await serveReal(database.store, viewers)
    const asked = request(new URL('/graphql', gateway.url), {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer 0', 'content-length': '100' },
    })
    asked.on('error', () => {})
    const closed = new Promise<void>((resolve) => asked.once('close', () => resolve()))
    asked.write(plain.slice(0, 10), () => asked.destroy())
    await closed
    expect((await send(gateway.url, { body: plain })).status).toBe(200)
    expect(gateway.statements).toHaveLength(1)
  })
})
