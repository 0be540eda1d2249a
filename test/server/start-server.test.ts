import { once } from 'node:events'
import { request } from 'node:http'
import { describe, expect, it } from 'vitest'
import WebSocket from 'ws'
import { handClock } from '../support/clock.ts'
import { closeCode, openSocket, serve, type ServedGateway } from './support/gateway.ts'

const get = async (gateway: ServedGateway, path: string) => {
  const response = await fetch(`${gateway.url}${path}`, { redirect: 'manual' })
  return { status: response.status, body: await response.text() }
}

/** The status of a request that names another host than the one it is sent to. */
async function statusFor(gateway: ServedGateway, host: string, path = '/healthz'): Promise<number> {
  const asked = request(`${gateway.url}${path}`, { headers: { host } }).end()
  const [response] = (await once(asked, 'response')) as [{ statusCode: number; resume(): void }]
  response.resume()
  return response.statusCode
}

describe('health', () => {
  it('is alive while the process answers, whatever else is away', async () => {
    const gateway = await serve({}, { readiness: { database: () => false } })
    expect((await get(gateway, '/healthz')).status).toBe(200)
  })

  it('is ready when every check holds', async () => {
    const gateway = await serve({}, { readiness: { database: () => Promise.resolve(true), enforcer: () => true } })
    expect(await get(gateway, '/readyz')).toEqual({ status: 200, body: '{"status":"ready","failing":[]}\n' })
  })

  it('names the checks that do not hold, that throw, and that do not answer within two seconds', async () => {
    const clock = handClock()
    const asked = Promise.withResolvers<void>()
    const readiness = {
      database: () => Promise.reject(new Error('away')),
      inventory: () => false,
      enforcer: () => true,
      feed: () => {
        asked.resolve()
        return new Promise<boolean>(() => {})
      },
    }
    const gateway = await serve({}, { readiness, clock })
    const answer = get(gateway, '/readyz')
    await asked.promise
    await clock.advance(2_000)
    expect(await answer).toEqual({
      status: 503,
      body: '{"status":"not ready","failing":["database","inventory","feed"]}\n',
    })
  })

  it('is all that a replica without the API answers', async () => {
    const gateway = await serve({}, { api: null })
    expect((await get(gateway, '/healthz')).status).toBe(200)
    expect((await gateway.post({ query: '{ hello }' })).status).toBe(404)
    const refused = new WebSocket(`${gateway.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
    expect(((await once(refused, 'error')) as [Error])[0].message).toContain('404')
  })
})

describe('a gateway that makes its own tokens', () => {
  it('answers only to names of this machine, so that no web page can be made to read them', async () => {
    const gateway = await serve()
    expect(await statusFor(gateway, 'localhost:4000')).toBe(200)
    expect(await statusFor(gateway, '[::1]')).toBe(200)
    expect(await statusFor(gateway, 'rebound.example')).toBe(421)
    expect(await statusFor(gateway, '127.0.0.1.rebound.example')).toBe(421)
  })

  it('answers to any name once callers bring the tokens of an identity provider', async () => {
    const gateway = await serve({}, { loopbackOnly: false })
    expect(await statusFor(gateway, 'gateway.example')).toBe(200)
  })
})

describe('GraphiQL', () => {
  it('comes up with the example documents and a fresh token filled in', async () => {
    const examples = [{ document: 'query First { hello }', variables: '{}' }]
    const gateway = await serve({ explorer: { examples, token: () => Promise.resolve('t0ken') } })
    const response = await fetch(`${gateway.url}/graphql`, { headers: { accept: 'text/html' } })
    const page = await response.text()
    expect(response.headers.get('content-security-policy')).toBe("frame-ancestors 'none'")
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(page).toContain('query First { hello }')
    expect(page).toContain('Bearer t0ken')
  })

  it('is not there when it is switched off', async () => {
    const gateway = await serve()
    expect((await fetch(`${gateway.url}/graphql`, { headers: { accept: 'text/html' } })).status).not.toBe(200)
  })

  it('is where the root leads', async () => {
    const gateway = await serve()
    expect((await get(gateway, '/')).status).toBe(302)
    expect((await get(gateway, '/nothing')).status).toBe(404)
  })
})

describe('stopping', () => {
  it('finishes the request in hand, takes no more, and sends WebSockets away with 1001', async () => {
    const gateway = await serve()
    const release = Promise.withResolvers<void>()
    gateway.stage.release = release.promise
    const inHand = gateway.post({ query: '{ slow }' })
    await gateway.stage.asked.promise
    const socket = await openSocket(gateway)
    const closed = closeCode(socket)

    const stopped = gateway.stop()
    expect(await closed).toBe(1001)
    await expect(fetch(`${gateway.url}/healthz`)).rejects.toThrow('fetch failed')
    release.resolve()
    expect(await (await inHand).json()).toEqual({ data: { slow: 'at last' } })
    await stopped
  })

  it('does not wait longer than it was told for a request that does not end', async () => {
    const clock = handClock()
    const gateway = await serve({}, { clock, stopWithinMs: 5_000 })
    const release = Promise.withResolvers<void>()
    gateway.stage.release = release.promise
    const inHand = gateway.post({ query: '{ slow }' })
    await gateway.stage.asked.promise
    const dropped = expect(inHand).rejects.toThrow('fetch failed')
    const stopped = gateway.stop()
    await clock.advance(5_000)
    await dropped
    await stopped
    release.resolve()
  })
})
