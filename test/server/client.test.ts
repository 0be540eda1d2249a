import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { afterEach, expect, it, vi } from 'vitest'
import WebSocket, { WebSocketServer } from 'ws'
import { Client } from '../../src/server/client.ts'
import { framesOf } from '../../src/server/live/frames.ts'
import { Result } from '../../src/server/live/result.ts'
import { createSocketRate } from '../../src/server/socket-rate.ts'
import { handClock } from '../support/clock.ts'

const stops: (() => void)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

/** Both ends of a WebSocket, and the connection beneath the gateway's. */
async function connect() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const reader = new WebSocket(`ws://127.0.0.1:${String((server.address() as AddressInfo).port)}`)
  const [request, connection, head] = await once(server, 'upgrade')
  const socket = await new Promise<WebSocket>((resolve) => {
    new WebSocketServer({ noServer: true }).handleUpgrade(request, connection, head, resolve)
  })
  await once(reader, 'open')
  stops.push(() => {
    reader.terminate()
    socket.terminate()
    server.close()
  })
  const clock = handClock()
  return { reader, connection: connection as Duplex, clock, client: new Client(socket, connection, null, clock) }
}

/** A frame that holds about so many bytes. */
const frameOf = (bytes: number) => framesOf('"a"', [new Result(JSON.stringify('x'.repeat(bytes)))])

it('keeps what has to wait for a reader in memory of its own, and copies nothing that goes at once', async () => {
  const { reader, connection, client } = await connect()
  const written = vi.spyOn(connection, 'write')
  const frame = frameOf(100)
  client.write(frame)
  expect(written.mock.lastCall?.[0]).toBe(frame)
  reader.pause()
  while (connection.writableLength === 0) client.write(frameOf(1_000_000))
  client.write(frame)
  const kept = written.mock.lastCall?.[0] as Buffer
  expect(kept.equals(frame)).toBe(true)
  expect([frame.buffer.byteLength > frame.length, kept.buffer.byteLength]).toEqual([true, frame.length])
})

it('is behind while more than 64 kB wait, and has caught up when nothing does', async () => {
  const { reader, connection, client } = await connect()
  reader.pause()
  while (connection.writableLength === 0) client.write(frameOf(10_000))
  expect(client.isBehind()).toBe(false)
  while (connection.writableLength <= 65_536) client.write(frameOf(1_000))
  expect(client.isBehind()).toBe(true)
  const caughtUp = client.caughtUp()
  expect(client.caughtUp()).toBe(caughtUp)
  reader.resume()
  await caughtUp
  expect([connection.writableLength, client.isBehind()]).toEqual([0, false])
})

it('may send nothing more once it was closed for sending too much, however long it waits', async () => {
  const { client, clock } = await connect()
  const mayGoOn = createSocketRate(1, clock)
  const answers = Array.from({ length: 11 }, () => mayGoOn(client))
  expect(answers).toEqual([...Array.from({ length: 10 }, () => true), false])
  await clock.advance(1_000)
  expect(mayGoOn(client)).toBe(false)
})
