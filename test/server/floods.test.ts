import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import WebSocket from 'ws'
import { systemClock } from '../../src/time/clock.ts'
import { handClock } from '../support/clock.ts'
import { clientLimits, closeCode, openSocket, serve, type ServedGateway } from './support/gateway.ts'

const ping = JSON.stringify({ type: 'ping' })

/** A connection that writes what it is told, and nothing by itself. */
async function bareConnection(gateway: ServedGateway): Promise<Socket> {
  const { port, hostname } = new URL(gateway.url)
  const socket = connect(Number(port), hostname)
  await once(socket, 'connect')
  return socket
}

/** Somebody else's query is answered as ever. */
async function othersAreServed(gateway: ServedGateway): Promise<void> {
  expect(await (await gateway.post({ query: '{ hello }' })).json()).toEqual({ data: { hello: 'hello' } })
}

describe('a WebSocket that floods', () => {
  it('with messages is closed with 4429, and reads no answers to the rest', async () => {
    const clock = handClock(systemClock.now())
    const gateway = await serve({ clientLimits: { ...clientLimits, messagesPerSecond: 2 } }, { clock })
    const socket = await openSocket(gateway)
    let answers = 0
    socket.on('message', () => (answers += 1))
    const closed = closeCode(socket)
    for (let message = 0; message < 1_000; message += 1) socket.send(ping)
    expect(await closed).toBe(4429)
    // Twenty at once, of which one was the init.
    expect(answers).toBeLessThan(20)
    await othersAreServed(gateway)
  })

  it('may go on for ever at the pace that is allowed', async () => {
    const clock = handClock(systemClock.now())
    const gateway = await serve({ clientLimits: { ...clientLimits, messagesPerSecond: 2 } }, { clock })
    const socket = await openSocket(gateway)
    for (let message = 0; message < 100; message += 1) {
      const answered = once(socket, 'message')
      socket.send(ping)
      await answered
      await clock.advance(500)
    }
    expect(socket.readyState).toBe(WebSocket.OPEN)
  })

  it('with a message that is too large is closed with 1009, before the message is whole', async () => {
    const gateway = await serve({ clientLimits: { ...clientLimits, messageBytes: 1_024 } })
    const socket = await openSocket(gateway)
    const closed = closeCode(socket)
    socket.send(JSON.stringify({ type: 'ping', payload: 'x'.repeat(2_000) }))
    expect(await closed).toBe(1009)
    await othersAreServed(gateway)
  })

  it('with what is no message of the protocol is closed with 4400', async () => {
    const gateway = await serve()
    const socket = await openSocket(gateway)
    const closed = closeCode(socket)
    socket.send('hello')
    expect(await closed).toBe(4400)
  })

  it('with operations is answered TOO_MANY_REQUESTS, with the time to wait, as over HTTP', async () => {
    const clock = handClock(systemClock.now())
    const gateway = await serve({ clientLimits: { ...clientLimits, operationsPerSecond: 1 } }, { clock })
    const socket = await openSocket(gateway)
    const subscribe = async (id: string) => {
      const answered = once(socket, 'message')
      const query = 'subscription { texts(count: 1, size: 1) }'
      socket.send(JSON.stringify({ id, type: 'subscribe', payload: { query } }))
      return JSON.parse(String((await answered)[0])) as { type: string; payload: { extensions: object }[] }
    }
    expect([(await subscribe('a')).type, (await subscribe('b')).type]).toEqual(['next', 'next'])
    const refused = await subscribe('c')
    expect(refused.payload[0]?.extensions).toEqual({ code: 'TOO_MANY_REQUESTS', retryable: true, retryAfter: 1 })
    await clock.advance(1_000)
    expect((await subscribe('d')).type).toBe('next')
  })
})

describe('a caller who floods over HTTP', () => {
  it('is answered 429 with the time to wait, and then served again', async () => {
    const clock = handClock(systemClock.now())
    const gateway = await serve({ clientLimits: { ...clientLimits, operationsPerSecond: 2 } }, { clock })
    const ask = () => gateway.post({ query: '{ hello }' })
    for (let call = 0; call < 4; call += 1) expect((await ask()).status).toBe(200)
    const refused = await ask()
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1'])
    expect(await refused.json()).toMatchObject({ errors: [{ extensions: { code: 'TOO_MANY_REQUESTS' } }] })
    await clock.advance(500)
    expect((await ask()).status).toBe(200)
    expect((await ask()).status).toBe(429)
  })
})

describe('a client that sends too slowly', () => {
  it.each([
    ['its headers', 'POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\n'],
    ['its body', 'POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 100\r\n\r\n{'],
  ])('%s is answered 408 and cut', async (_, begun) => {
    const gateway = await serve({}, { requestWithinMs: 150 })
    const socket = await bareConnection(gateway)
    let answer = ''
    socket.on('data', (data) => (answer += String(data)))
    socket.write(begun)
    await once(socket, 'close')
    expect(answer).toContain('HTTP/1.1 408')
    await othersAreServed(gateway)
  })

  it('is cut when it opens a WebSocket and says nothing', { timeout: 10_000 }, async () => {
    const gateway = await serve()
    const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
    await once(socket, 'open')
    expect(await closeCode(socket)).toBe(4408)
  })

  it('is cut when it answers no pings: a connection that is half dead is found', async () => {
    const clock = handClock(systemClock.now())
    const gateway = await serve({ clientLimits: { ...clientLimits, connections: 2 } }, { clock })
    const [dead, alive] = [await openSocket(gateway), await openSocket(gateway)]
    dead.pause()
    const pinged = once(alive, 'ping')
    await clock.advance(12_000)
    await pinged
    // Its answer is a message: one that was sent after it has been answered in turn.
    const answered = once(alive, 'message')
    alive.send(ping)
    await answered
    await clock.advance(12_000)
    // There is room for two: whoever comes next gets in when the dead one is gone.
    await expect.poll(async () => (await openSocket(gateway)).readyState).toBe(WebSocket.OPEN)
    expect(alive.readyState).toBe(WebSocket.OPEN)
    dead.terminate()
  })
})
