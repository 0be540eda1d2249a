import { randomBytes } from 'node:crypto'

/** As much of WebSocket's framing (RFC 6455) as a client needs that wants to spend a microsecond on a frame. */
export const opcodes = { text: 1, close: 8, ping: 9, pong: 10 } as const

/** A whole frame: its opcode, and where its payload lies. `final` is false when it is a part of a message. */
export type TakeFrame = (opcode: number, start: number, end: number, final: boolean) => void

/** Gives every whole frame between `from` and `to` in turn; answers where the first frame begins that is not whole. */
export function takeFrames(bytes: Buffer, from: number, to: number, take: TakeFrame): number {
  let at = from
  while (to - at >= 2) {
    const first = bytes[at] ?? 0
    const second = bytes[at + 1] ?? 0
    if (second > 127) throw new Error('a server must not mask its frames')
    if ((first & 0x70) !== 0) throw new Error('no extension was agreed on')
    let start = at + 2
    let length = second
    if (second === 126) {
      if (to - at < 4) break
      length = bytes.readUInt16BE(start)
      start += 2
    } else if (second === 127) {
      if (to - at < 10) break
      length = Number(bytes.readBigUInt64BE(start))
      start += 8
    }
    const end = start + length
    if (end > to) break
    at = end
    take(first & 0x0f, start, end, (first & 0x80) !== 0)
  }
  return at
}

/** A frame as a client sends it: whole and masked. */
export function clientFrame(opcode: number, payload: Uint8Array): Buffer {
  const { length } = payload
  const header = length < 126 ? 2 : length < 65_536 ? 4 : 10
  const frame = Buffer.alloc(header + 4 + length)
  frame[0] = 0x80 | opcode
  frame[1] = 0x80 | (length < 126 ? length : length < 65_536 ? 126 : 127)
  if (header === 4) frame.writeUInt16BE(length, 2)
  if (header === 10) frame.writeBigUInt64BE(BigInt(length), 2)
  const mask = randomBytes(4)
  mask.copy(frame, header)
  for (let index = 0; index < length; index++)
    frame[header + 4 + index] = (payload[index] ?? 0) ^ (mask[index % 4] ?? 0)
  return frame
}
