/** What every subscriber asks for: an event with all it says of itself, and no second read. */
export const document =
  'subscription { grantEvents { cursor kind at grantId virtualMachineId requesterId state port protocol sources ' +
  'endsAt correlationId } }'

/** The fields of an event in that document. */
export const eventFields = [
  'cursor',
  'kind',
  'at',
  'grantId',
  'virtualMachineId',
  'requesterId',
  'state',
  'port',
  'protocol',
  'sources',
  'endsAt',
  'correlationId',
] as const
export type FanoutEvent = { readonly [Field in (typeof eventFields)[number]]: unknown }

/** A byte that nothing in an event but its number begins with. */
export const MARK = '~'.charCodeAt(0)
export const DIGITS = 9

/** The number of an event as its `correlationId`, the last field: so it is found from the end of a frame. */
export function markOf(sequence: number): string {
  return `~${String(sequence).padStart(DIGITS, '0')}`
}

/** Bytes behind the mark within which the number of an ordinary event ends: what closes the JSON, and an id maybe. */
const NEAR = 48

/** The number of the event in a message that lies between `start` and `end`; -1 when it holds none. */
export function sequenceIn(bytes: Uint8Array, start: number, end: number): number {
  const near = Math.max(start, end - DIGITS - NEAR)
  for (let at = end - DIGITS - 1; at >= near; at--) if (bytes[at] === MARK) return digitsAt(bytes, at + 1)
  const at = bytes.subarray(start, end).lastIndexOf(MARK)
  return at < 0 || start + at + DIGITS >= end ? -1 : digitsAt(bytes, start + at + 1)
}

function digitsAt(bytes: Uint8Array, from: number): number {
  let value = 0
  for (let at = from; at < from + DIGITS; at++) {
    const digit = (bytes[at] ?? 0) - 48
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value
}
