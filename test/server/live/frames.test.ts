import type { Writable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import * as ws from 'ws'
import { framesOf } from '../../../src/server/live/frames.ts'
import { Result } from '../../../src/server/live/result.ts'

/** Reads frames as a client's WebSocket does. */
function messagesIn(frames: Buffer): Promise<unknown[]> {
  const receiver = new (ws as unknown as { Receiver: typeof Writable }).Receiver()
  const messages: unknown[] = []
  receiver.on('message', (data: Buffer, binary: boolean) => {
    expect(binary).toBe(false)
    messages.push(JSON.parse(data.toString()))
  })
  return new Promise((resolve, reject) => {
    receiver.on('error', reject)
    receiver.write(frames, () => resolve(messages))
  })
}

const envelope = '{"id":"a","type":"next","payload":}'.length

describe('the frames of a subscription', () => {
  test.each([125, 126, 127, 65_535, 65_536, 200_000])('are read as they were sent at %d bytes', async (size) => {
    const text = JSON.stringify('x'.repeat(size - envelope - 2))
    const frames = framesOf('"a"', [new Result(text)])
    const [message] = await messagesIn(frames)
    expect(message).toEqual({ id: 'a', type: 'next', payload: JSON.parse(text) })
  })

  test('are several in one write, with any text and any id', async () => {
    const payloads = [{ data: { name: 'Zoë "✓"' } }, { data: null }]
    const id = 'an "id" of ✓'
    const results = payloads.map((payload) => new Result(JSON.stringify(payload)))
    expect(await messagesIn(framesOf(JSON.stringify(id), results))).toEqual(
      payloads.map((payload) => ({ id, type: 'next', payload })),
    )
  })
})

test('the bytes of a result, of which hundreds are kept, are all that they keep', () => {
  const { bytes } = new Result('{"data":null}')
  expect(bytes.toString()).toBe('{"data":null}')
  expect(bytes.buffer.byteLength).toBe(bytes.length)
})
