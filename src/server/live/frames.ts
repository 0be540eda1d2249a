import type { Result } from './result.ts'

const TEXT_FRAME = 0x81

/** What stands around the id of a `next` message and its result. */
const BEFORE_ID = Buffer.from('{"id":')
const BEFORE_RESULT = Buffer.from(',"type":"next","payload":')
const END = '}'.charCodeAt(0)

/**
 * The results as `next` messages of one subscription, each a WebSocket frame (RFC 6455, section 5.2: final, text, not
 * masked, as a server sends), in one buffer: the bytes of a result are shared, and what differs is written around them.
 * `id` is JSON.
 */
export function framesOf(id: string, results: readonly Result[]): Buffer {
  const startLength = BEFORE_ID.length + Buffer.byteLength(id) + BEFORE_RESULT.length
  let size = 0
  for (const { bytes } of results) size += sizeOf(startLength + bytes.length + 1)
  const frames = Buffer.allocUnsafe(size)
  let at = 0
  let start = 0
  for (const { bytes } of results) {
    at = writeHeader(frames, at, startLength + bytes.length + 1)
    if (start === 0) {
      start = at
      BEFORE_ID.copy(frames, at)
      frames.write(id, at + BEFORE_ID.length)
      BEFORE_RESULT.copy(frames, at + startLength - BEFORE_RESULT.length)
    } else frames.copy(frames, at, start, start + startLength)
    at += startLength
    at += bytes.copy(frames, at)
    frames[at++] = END
  }
  return frames
}

function sizeOf(payload: number): number {
  return payload + (payload < 126 ? 2 : payload < 65_536 ? 4 : 10)
}

function writeHeader(frames: Buffer, at: number, payload: number): number {
  frames[at] = TEXT_FRAME
  if (payload < 126) {
    frames[at + 1] = payload
    return at + 2
  }
  if (payload < 65_536) {
    frames[at + 1] = 126
    return frames.writeUInt16BE(payload, at + 2)
  }
  frames[at + 1] = 127
  return frames.writeBigUInt64BE(BigInt(payload), at + 2)
}
