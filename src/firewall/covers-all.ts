import type { Prefix } from '../access/prefix.ts'

/** Whether prefixes of one family hold every address of it together. */
export function coversAll(prefixes: readonly Prefix[]): boolean {
  const least = shortest(prefixes)
  if (least === 0) return true
  // So few of them cannot, even if none overlaps another.
  if (prefixes.length * 2 ** -least < 1) return false
  const firstBit = ({ bytes }: Prefix) => ((bytes[0] ?? 0) & 128) >> 7
  const halves = [0, 1].map((bit) => prefixes.filter((prefix) => firstBit(prefix) === bit).map(withoutFirstBit))
  return halves.every(coversAll)
}

/** A prefix within the half of all addresses it lies in, as if that half were everything. */
function withoutFirstBit({ family, bytes, length }: Prefix): Prefix {
  const shifted = bytes.map((byte, index) => ((byte << 1) & 255) | ((bytes[index + 1] ?? 0) >> 7))
  return { family, bytes: shifted, length: length - 1 }
}

/** The length of the widest; infinite when there is none. */
export const shortest = (prefixes: readonly Prefix[]) =>
  prefixes.reduce((least, { length }) => Math.min(least, length), Infinity)
