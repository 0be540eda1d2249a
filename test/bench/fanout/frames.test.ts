import { once } from 'node:events'
import { connect, type AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import { describe, expect, it } from 'vitest'
import { markOf, sequenceIn } from './document.ts'
import { clientFrame, opcodes, takeFrames } from './frames.ts'

/** A frame as a server sends it: that of a client, unmasked. */
function serverFrame(opcode: number, payload: Buffer): Buffer {
  const frame = clientFrame(opcode, Buffer.alloc(0))
  const header =
    payload.length < 126 ? Buffer.of(payload.length) : Buffer.of(126, payload.length >> 8, payload.length & 255)
  const long = Buffer.alloc(9, 127)
  long.writeBigUInt64BE(BigInt(payload.length), 1)
  return Buffer.concat([frame.subarray(0, 1), payload.length < 65_536 ? header : long, payload])
}

/** The lengths of the frames of these lengths, read in pieces of `step` bytes. */
function readInPieces(lengths: readonly number[], step: number): number[] {
  const stream = Buffer.concat(lengths.map((length) => serverFrame(opcodes.text, Buffer.alloc(length, 'x'))))
  const found: number[] = []
  let rest = Buffer.alloc(0)
  for (let at = 0; at < stream.length; at += step) {
    const bytes = Buffer.concat([rest, stream.subarray(at, at + step)])
    const from = takeFrames(bytes, 0, bytes.length, (opcode, start, end, final) => {
      expect([opcode, final]).toEqual([opcodes.text, true])
      found.push(end - start)
    })
    rest = Buffer.from(bytes.subarray(from))
  }
  expect(rest).toHaveLength(0)
  return found
}

describe('the frames of the load generator', () => {
  it('are found whole wherever the stream is cut', () => {
    const [short, long] = [
      [0, 1, 125, 126, 600, 0],
      [65_535, 0, 65_536, 200_000, 1],
    ]
    for (const step of [1, 2, 3, 7, 1_000]) expect(readInPieces(short, step)).toEqual(short)
    for (const step of [999, 65_537, 1_000_000]) expect(readInPieces(long, step)).toEqual(long)
  })

  it('are refused when a server masks them or compresses them', () => {
    const masked = clientFrame(opcodes.text, Buffer.from('x'))
    expect(() => takeFrames(masked, 0, masked.length, () => {})).toThrow('mask')
    const compressed = Buffer.of(0xc1, 1, 120)
    expect(() => takeFrames(compressed, 0, compressed.length, () => {})).toThrow('extension')
  })

  it('are understood by a server when a client sends them', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    await once(server, 'listening')
    const got: Buffer[] = []
    const payloads = ['', 'é~', 'x'.repeat(300), 'y'.repeat(80_000)].map((text) => Buffer.from(text))
    const all = new Promise<void>((resolve) => {
      server.on('connection', (client) =>
        client.on('message', (data: Buffer) => {
          if (got.push(data) === payloads.length) resolve()
        }),
      )
    })
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
    socket.write(
      'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    )
    for (const payload of payloads) socket.write(clientFrame(opcodes.text, payload))
    await all
    expect(got.map(String)).toEqual(payloads.map(String))
    socket.destroy()
    server.close()
  })
})

describe('the number of an event', () => {
  const number = (text: string) => sequenceIn(Buffer.from(text), 0, Buffer.byteLength(text))

  it('is found at the end of a message and, where a server orders it otherwise, in its middle', () => {
    const event = `{"correlationId":"${markOf(123_456)}"}`
    expect(number(`{"type":"next","payload":${event}}`)).toBe(123_456)
    expect(number(`{"type":"next","payload":${event},"more":"${'x'.repeat(500)}"}`)).toBe(123_456)
  })

  it('is in no message that is no event', () => {
    expect(number('{"type":"connection_ack"}')).toBe(-1)
    expect(number('{"type":"ping","payload":"~12"}')).toBe(-1)
    expect(number('~')).toBe(-1)
  })

  it('is looked for within the message only', () => {
    const bytes = Buffer.from(`"${markOf(7)}"{"type":"pong"}`)
    expect(sequenceIn(bytes, 12, bytes.length)).toBe(-1)
  })
})
