import { isIP } from 'node:net'

/** An address block: `first` is its lowest address as a number. */
export interface Block {
  readonly family: 4 | 6
  readonly first: bigint
  readonly length: number
  /** Whether the text named an address inside the block instead of its first. */
  readonly hostBits: boolean
}

/** Reads an address or CIDR; null when the text is neither. */
export function readBlock(text: string): Block | null {
  const [address = '', lengthText, ...rest] = text.split('/')
  const family = isIP(address)
  if (rest.length > 0 || address.includes('%') || (family !== 4 && family !== 6)) return null
  const bits = family === 4 ? 32 : 128
  if (lengthText !== undefined && !/^\d{1,3}$/.test(lengthText)) return null
  const length = lengthText === undefined ? bits : Number(lengthText)
  if (length > bits) return null
  const value = family === 4 ? readV4(address) : readV6(address)
  const hostMask = (1n << BigInt(bits - length)) - 1n
  return { family, first: value & ~hostMask, length, hostBits: (value & hostMask) !== 0n }
}

/** The address at a place of an IPv4 block, as text. */
export function addressAt({ first }: Block, place: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => String(((first + place) >> shift) & 255n)).join('.')
}

/** Whether an address, or every address of a block, lies in another block. */
export function blockContains(outer: Block, inner: Block): boolean {
  if (outer.family !== inner.family || outer.length > inner.length) return false
  const shift = BigInt((outer.family === 4 ? 32 : 128) - outer.length)
  return outer.first >> shift === inner.first >> shift
}

function readV4(text: string): bigint {
  return text.split('.').reduce((value, part) => (value << 8n) | BigInt(part), 0n)
}

function readV6(text: string): bigint {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text)
  if (dotted?.[1] !== undefined && dotted[2] !== undefined) {
    const value = readV4(dotted[2])
    return readV6(`${dotted[1]}${(value >> 16n).toString(16)}:${(value & 0xffffn).toString(16)}`)
  }
  const [head = '', tail] = text.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0')
  return [...left, ...zeros, ...right].reduce((value, part) => (value << 16n) | BigInt(`0x${part}`), 0n)
}

/** A block as it is written, in its one form. */
export function blockText({ family, first, length }: Block): string {
  return `${family === 4 ? v4Text(first) : v6Text(first)}/${String(length)}`
}

function v4Text(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 0xffn)).join('.')
}

/** The shortest form is the one that URLs have. */
function v6Text(value: bigint): string {
  const parts = Array.from({ length: 8 }, (_, index) => ((value >> BigInt(112 - index * 16)) & 0xffffn).toString(16))
  return new URL(`http://[${parts.join(':')}]/`).hostname.slice(1, -1)
}
