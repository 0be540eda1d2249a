import type { Result } from './result.ts'

const TEXT_FRAME = 0x81

/** What every `next` message of one subscription begins with. */
export function messageStart(id: string): Buffer {
  return Buffer.from(`{"id":${JSON.stringify(id)},"type":"next","payload":`)
}

/**
 * The results as `next` messages of one subscription, each a WebSocket frame (RFC 6455, section 5.2: final, text, not
 * masked, as a server sends), in one buffer: the bytes of a result are shared, and what differs is written around them.
 */
export function framesOf(start: Buffer, results: readonly Result[]): Buffer {
  let size = 0
  for (const { bytes } of results) size += sizeOf(start.length + bytes.length + 1)
  const frames = Buffer.allocUnsafe(size)
  let at = 0
  for (const { bytes } of results) {
    at = writeHeader(frames, at, start.length + bytes.length + 1)
    at += start.copy(frames, at)
    at += bytes.copy(frames, at)
    frames[at++] = 0x7d // }
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
