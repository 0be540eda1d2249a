import { createHash } from 'node:crypto'
import { auditServer } from 'graphql-http'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../src/time/clock.ts'
import { handClock } from '../support/clock.ts'
import { serve } from './support/gateway.ts'

interface Answer {
  data?: Record<string, unknown>
  errors?: { message: string; path?: string[]; extensions?: Record<string, unknown> }[]
}

const answerOf = async (response: Response) => (await response.json()) as Answer
const codeOf = async (response: Response) => (await answerOf(response)).errors?.[0]?.extensions?.['code']

describe('an operation over HTTP', () => {
  it('runs for a caller with a token, who is known by the address the call came from', async () => {
    const gateway = await serve()
    const response = await gateway.post({ query: '{ viewer }' })
    expect(response.status).toBe(200)
    expect(await answerOf(response)).toEqual({ data: { viewer: 'ada from 127.0.0.1' } })
  })

  it('knows the client behind a trusted proxy by the address the proxy saw', async () => {
    const gateway = await serve({ trustedProxies: ['127.0.0.0/8'] })
    const response = await gateway.post({ query: '{ viewer }' }, { 'x-forwarded-for': '203.0.113.9, 198.51.100.7' })
    expect(await answerOf(response)).toEqual({ data: { viewer: 'ada from 198.51.100.7' } })
  })

  it('is refused without a token before anything of it is read', async () => {
    const gateway = await serve()
    const response = await gateway.post({ query: '{{{ no document' }, { authorization: '' })
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe('Bearer')
    expect(await codeOf(response)).toBe('UNAUTHENTICATED')
  })

  it('may be tried again when nobody can be authenticated now', async () => {
    const gateway = await serve()
    const response = await gateway.post({ query: '{ hello }' }, { authorization: 'Bearer away' })
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('2')
    expect((await answerOf(response)).errors?.[0]?.extensions).toEqual({
      code: 'UNAVAILABLE',
      retryable: true,
      retryAfter: 2,
    })
    expect(gateway.logged.map((line) => line.message)).toEqual(['callers cannot be authenticated'])
  })

  it('may be tried again when the database went away under it', async () => {
    const gateway = await serve()
    const response = await gateway.post({ query: '{ hello away }' })
    expect(response.status).toBe(503)
    const { data, errors } = await answerOf(response)
    expect(data).toEqual({ hello: 'hello', away: null })
    expect(errors?.[0]).toMatchObject({ path: ['away'], extensions: { code: 'UNAVAILABLE', retryable: true } })
  })

  it('is answered as unavailable when it takes too long', async () => {
    const clock = handClock(systemClock.now())
    const gateway = await serve({}, { clock })
    const release = Promise.withResolvers<void>()
    gateway.stage.release = release.promise
    const asked = gateway.post({ query: '{ slow }' })
    await gateway.stage.asked.promise
    await clock.advance(30_000)
    const response = await asked
    release.resolve()
    expect(response.status).toBe(503)
    expect(await codeOf(response)).toBe('UNAVAILABLE')
  })

  it('hides an unexpected error behind a correlation id, under which the log has it without what callers wrote', async () => {
    const gateway = await serve()
    const { data, errors } = await answerOf(await gateway.post({ query: '{ fails }' }))
    expect(data).toEqual({ fails: null })
    expect(errors).toEqual([
      {
        message: 'Unexpected error.',
        path: ['fails'],
        locations: [{ line: 1, column: 3 }],
        extensions: { code: 'INTERNAL', correlationId: expect.any(String) },
      },
    ])
    expect(gateway.logged).toHaveLength(1)
    expect(gateway.logged[0]).toMatchObject({
      level: 'error',
      fields: {
        correlationId: errors?.[0]?.extensions?.['correlationId'],
        error: { statement: 'select * from grants where id = $1' },
      },
    })
    expect(JSON.stringify(gateway.logged)).not.toContain('hunter2')
  })

  it('shows an error that was made for the caller as it is', async () => {
    const gateway = await serve()
    const { errors } = await answerOf(await gateway.post({ query: '{ refuses }' }))
    expect(errors?.[0]).toMatchObject({ message: 'Not that.', extensions: { code: 'OWN' } })
  })

  it('keeps to the specification of GraphQL over HTTP', async () => {
    const gateway = await serve()
    const { schema } = await import('./support/typename-schema.ts')
    const audited = await serve({ schema })
    const results = await auditServer({
      url: `${audited.url}/graphql`,
      fetchFn: (url: string, init?: RequestInit) => {
        const headers = new Headers(init?.headers)
        headers.set('authorization', 'Bearer ada')
        headers.set('x-graphql-yoga-csrf', '1')
        return fetch(url, { ...init, headers })
      },
    })
    expect(results.length).toBeGreaterThan(50)
    expect(results.filter((result) => result.status !== 'ok').map((result) => result.name)).toEqual([])
    expect(gateway.logged).toEqual([])
  })
})

describe('a request a foreign web page could make', () => {
  const simple = [
    ['text', { 'content-type': 'text/plain' }, '{"query":"mutation { touch }"}'],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, 'query=mutation%20%7B%20touch%20%7D'],
  ] as const

  it.each(simple)('is refused when it posts %s', async (_kind, headers, body) => {
    const gateway = await serve()
    const response = await fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: { ...headers, authorization: 'Bearer ada' },
      body,
    })
    expect(response.status).toBe(403)
  })

  it('is refused as a GET unless it carries a header only a preflight could allow', async () => {
    const gateway = await serve()
    const url = `${gateway.url}/graphql?query=%7Bhello%7D`
    const headers = { authorization: 'Bearer ada' }
    expect((await fetch(url, { headers })).status).toBe(403)
    expect((await fetch(url, { headers: { ...headers, 'apollo-require-preflight': '1' } })).status).toBe(200)
  })

  it('gets no leave to read answers unless its origin is configured', async () => {
    const origin = 'https://dash.example'
    const closed = await serve()
    const open = await serve({ corsOrigins: [origin] })
    const allowed = async (url: string, from: string) =>
      (
        await fetch(`${url}/graphql`, {
          method: 'OPTIONS',
          headers: { origin: from, 'access-control-request-method': 'POST' },
        })
      ).headers.get('access-control-allow-origin')
    expect(await allowed(closed.url, origin)).toBeNull()
    expect(await allowed(open.url, origin)).toBe(origin)
    expect(await allowed(open.url, 'https://evil.example')).not.toBe('https://evil.example')
  })
})

describe('an operation that asks too much', () => {
  it('is refused when it selects too many levels, fragments counted where they are spread', async () => {
    const gateway = await serve()
    const five = '{ node { child { child { child { child { name } } } } } }'
    const hidden = `fragment deep on Node { child { child { child { child { child { name } } } } } } { node { ...deep } }`
    expect((await gateway.post({ query: five })).status).toBe(200)
    for (const query of [five.replace('name', 'child { name }'), hidden])
      expect(await codeOf(await gateway.post({ query }))).toBe('OPERATION_TOO_COSTLY')
  })

  it('may introspect the schema, which is deep by nature', async () => {
    const gateway = await serve()
    const { getIntrospectionQuery } = await import('graphql')
    const { errors } = await answerOf(await gateway.post({ query: getIntrospectionQuery() }))
    expect(errors).toBeUndefined()
  })

  it('is refused when it renames too many fields', async () => {
    const gateway = await serve()
    const query = (count: number) =>
      `{ ${Array.from({ length: count }, (_, at) => `a${String(at)}: hello`).join(' ')} }`
    expect((await gateway.post({ query: query(50) })).status).toBe(200)
    expect(await codeOf(await gateway.post({ query: query(51) }))).toBe('OPERATION_TOO_COSTLY')
  })

  it('is refused when its document has too many tokens or characters', async () => {
    const gateway = await serve()
    expect(await codeOf(await gateway.post({ query: `{ ${'hello '.repeat(1_000)} }` }))).toBe('GRAPHQL_PARSE_FAILED')
    expect(await codeOf(await gateway.post({ query: `{ hello } #${'x'.repeat(70_000)}` }))).toBe('OPERATION_TOO_LARGE')
  })

  it('is refused when its body is too large, and when it is one of a batch', async () => {
    const gateway = await serve()
    expect((await gateway.post({ query: '{ hello }', variables: { x: 'x'.repeat(5_000_000) } })).status).toBe(413)
    expect((await gateway.post([{ query: '{ hello }' }])).status).toBe(400)
  })

  it('is refused when it introspects and introspection is switched off', async () => {
    const gateway = await serve({ limits: { maxTokens: 1_000, maxDepth: 6, introspection: false } })
    const { errors } = await answerOf(await gateway.post({ query: '{ __schema { types { name } } }' }))
    expect(errors?.[0]?.message).toContain('introspection has been disabled')
    expect(await answerOf(await gateway.post({ query: '{ __typename }' }))).toEqual({ data: { __typename: 'Query' } })
    const guess = await answerOf(await gateway.post({ query: '{ helo }' }))
    expect(guess.errors?.[0]?.message).toBe('Cannot query field "helo" on type "Query".')
  })
})

describe('registered documents', () => {
  const document = '{ hello }'
  const hash = createHash('sha256').update(document).digest('hex')
  const named = (sha256Hash: string) => ({ extensions: { persistedQuery: { version: 1, sha256Hash } } })
  const operations = new Map([[hash, document]])

  it('run by their hash', async () => {
    const gateway = await serve({ persisted: { operations, only: false } })
    expect(await answerOf(await gateway.post(named(hash)))).toEqual({ data: { hello: 'hello' } })
    expect((await gateway.post({ query: '{ viewer }' })).status).toBe(200)
    expect(await codeOf(await gateway.post(named('0'.repeat(64))))).toBe('PERSISTED_QUERY_NOT_IN_LIST')
  })

  it('are all that runs when nothing else may', async () => {
    const gateway = await serve({ persisted: { operations, only: true } })
    expect(await answerOf(await gateway.post(named(hash)))).toEqual({ data: { hello: 'hello' } })
    expect(await codeOf(await gateway.post({ query: document }))).toBe('CANNOT_SEND_PQ_ID_AND_BODY')
  })
})
