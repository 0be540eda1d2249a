import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import type { Client } from 'graphql-ws'
import { describe, expect, it } from 'vitest'
import WebSocket from 'ws'
import { systemClock } from '../../src/time/clock.ts'
import { handClock } from '../support/clock.ts'
import { clientLimits, closeCode, openSocket, serve, TOKEN_MS } from './support/gateway.ts'

/** The first `count` messages of a subscription, or what it failed with. */
async function first(client: Client, count: number, query: string, extensions?: Record<string, unknown>) {
  const results: unknown[] = []
  try {
    for await (const result of client.iterate({ query, ...(extensions === undefined ? {} : { extensions }) })) {
      results.push(result)
      if (results.length === count) break
    }
  } catch (error) {
    return error
  }
  return results
}

const errorOf = (message: string, code: string) => [
  expect.objectContaining({ message: expect.stringContaining(message), extensions: expect.objectContaining({ code }) }),
]

describe('a WebSocket', () => {
  it('brings the events of a subscription, and lets its source go when the client does', async () => {
    const gateway = await serve()
    const client = gateway.client()
    expect(await first(client, 2, 'subscription { texts(count: 3, size: 2) }')).toEqual([
      { data: { texts: 'xx' } },
      { data: { texts: 'xx' } },
    ])
    await client.dispose()
    await gateway.stop()
    expect(gateway.stage.ended).toBe(1)
  })

  it('is closed with 4401 when its caller does not prove who it is', async () => {
    const gateway = await serve()
    const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
    await once(socket, 'open')
    socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: 'Bearer nobody' } }))
    const [code, reason] = (await once(socket, 'close')) as [number, Buffer]
    expect([code, reason.toString()]).toEqual([4401, 'An access token is needed.'])
  })

  it('is closed with 1013, which clients answer by trying again, when nobody can be authenticated now', async () => {
    const gateway = await serve()
    const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
    await once(socket, 'open')
    socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: 'Bearer away' } }))
    expect(await closeCode(socket)).toBe(1013)
  })

  it('is closed with 4401 at the moment its token ends', async () => {
    const clock = handClock(systemClock.now())
    const gateway = await serve({}, { clock })
    const socket = await openSocket(gateway)
    await clock.advance(TOKEN_MS - 1)
    expect(socket.readyState).toBe(WebSocket.OPEN)
    const closed = closeCode(socket)
    await clock.advance(1)
    expect(await closed).toBe(4401)
  })

  it('leaves nothing behind that waits for the end of its token, once it has gone', async () => {
    const clock = handClock(systemClock.now())
    const gateway = await serve({}, { clock })
    const before = clock.waiting
    const sockets = [await openSocket(gateway), await openSocket(gateway)]
    expect(clock.waiting).toBe(before + 1)
    sockets.pop()?.terminate()
    await clock.advance(TOKEN_MS - 1)
    const closed = closeCode(sockets[0] as WebSocket)
    await clock.advance(1)
    expect(await closed).toBe(4401)
    const last = await openSocket(gateway)
    await expect.poll(() => clock.waiting).toBe(before + 1)
    last.terminate()
    await expect.poll(() => clock.waiting).toBe(before)
  })

  it('takes no place among those who may connect when its handshake is refused', async () => {
    const gateway = await serve({ clientLimits: { ...clientLimits, connections: 1 } })
    const headers = { connection: 'upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' }
    const asked = request(`${gateway.url}/graphql`, { headers }).end()
    const [response] = (await once(asked, 'response')) as [IncomingMessage]
    response.resume()
    expect(response.statusCode).toBe(400)
    expect((await openSocket(gateway)).readyState).toBe(WebSocket.OPEN)
  })

  it('is refused when as many clients as may be are connected, and takes the place of one that left', async () => {
    const gateway = await serve({ clientLimits: { ...clientLimits, connections: 1 } })
    const socket = await openSocket(gateway)
    const refused = new WebSocket(`${gateway.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
    const [error] = (await once(refused, 'error')) as [Error]
    expect(error.message).toContain('503')
    socket.terminate()
    await expect.poll(async () => (await openSocket(gateway)).readyState).toBe(WebSocket.OPEN)
  })

  it('is refused on any other path', async () => {
    const gateway = await serve()
    const refused = new WebSocket(`${gateway.url.replace('http', 'ws')}/other`, 'graphql-transport-ws')
    const [error] = (await once(refused, 'error')) as [Error]
    expect(error.message).toContain('404')
  })
})

describe('a subscribe message', () => {
  it.each(['{ hello }', 'mutation { touch }'])(
    'is refused when it brings %s: only subscriptions run here',
    async (query) => {
      const gateway = await serve()
      expect(await first(gateway.client(), 1, query)).toEqual(errorOf('Only subscriptions', 'SUBSCRIPTIONS_ONLY'))
    },
  )

  it('is refused when it introspects and introspection is switched off', async () => {
    const gateway = await serve({ limits: { maxTokens: 1_000, maxDepth: 6, introspection: false } })
    const errors = (await first(gateway.client(), 1, '{ __schema { types { name } } }')) as { message: string }[]
    expect(errors[0]?.message).toContain('introspection has been disabled')
  })

  it('meets the same limits as an HTTP request', async () => {
    const gateway = await serve({ limits: { maxTokens: 30, maxDepth: 6, introspection: true } })
    const query = `subscription { ${'texts(count: 1, size: 1) '.repeat(10)} }`
    expect(await first(gateway.client(), 1, query)).toEqual([
      expect.objectContaining({ message: expect.stringContaining('tokens') }),
    ])
  })

  it('runs registered documents only when nothing else may', async () => {
    const document = 'subscription { texts(count: 1, size: 1) }'
    const hash = createHash('sha256').update(document).digest('hex')
    const gateway = await serve({ persisted: { operations: new Map([[hash, document]]), only: true } })
    expect(await first(gateway.client(), 1, document)).toEqual(
      errorOf('PersistedQueryOnly', 'CANNOT_SEND_PQ_ID_AND_BODY'),
    )
    const named = (sha256Hash: string) => ({ persistedQuery: { version: 1, sha256Hash } })
    expect(await first(gateway.client(), 1, '', named('0'))).toEqual(errorOf('NotFound', 'PERSISTED_QUERY_NOT_IN_LIST'))
    expect(await first(gateway.client(), 1, '', named(hash))).toEqual([{ data: { texts: 'x' } }])
  })

  it('is refused when as many as may be run on its connection', async () => {
    const gateway = await serve({ clientLimits: { ...clientLimits, subscriptionsPerConnection: 1 } })
    const client = gateway.client()
    const running = client.iterate({ query: 'subscription { texts(count: 1, size: 1) }' })
    await running.next()
    expect(await first(client, 1, 'subscription { texts(count: 1, size: 1) }')).toEqual(
      errorOf('At most 1', 'UNAVAILABLE'),
    )
    await running.return?.()
  })

  it('is told nothing of an unexpected error but the correlation id the log has', async () => {
    const gateway = await serve()
    const [result] = (await first(gateway.client(), 1, 'subscription { breaks }')) as [
      { errors: { extensions: object }[] },
    ]
    expect(result.errors).toEqual([
      expect.objectContaining({
        message: 'Unexpected error.',
        extensions: { code: 'INTERNAL', correlationId: expect.any(String) },
      }),
    ])
    expect(gateway.logged[0]?.fields).toMatchObject({
      correlationId: (result.errors[0]?.extensions as { correlationId?: string } | undefined)?.correlationId,
    })
    expect(JSON.stringify(gateway.logged)).not.toContain('hunter2')
  })
})

describe('a reader that stops reading', () => {
  /** A paused client for whom more than a mebibyte waits, at the moment the gateway decides to close it. */
  async function stall() {
    const clock = handClock(systemClock.now())
    const gateway = await serve({}, { clock })
    const socket = await openSocket(gateway)
    socket.pause()
    const query = 'subscription { texts(count: 100, size: 1000000) }'
    for (const id of ['a', 'b', 'c', 'd', 'e'])
      socket.send(JSON.stringify({ id, type: 'subscribe', payload: { query } }))
    // The token's timer, and that of the close.
    await expect.poll(() => clock.waiting, { timeout: 5_000 }).toBe(2)
    return { clock, gateway, socket }
  }

  it('is told 4413 when it reads on', async () => {
    const { socket } = await stall()
    const closed = closeCode(socket)
    socket.resume()
    expect(await closed).toBe(4413)
  })

  it('is cut two seconds later when it does not, and its sources are let go', async () => {
    const { clock, gateway, socket } = await stall()
    await clock.advance(2_000)
    await expect.poll(() => gateway.stage.ended, { timeout: 5_000 }).toBe(5)
    socket.terminate()
  })
})
