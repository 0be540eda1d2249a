import ipaddr from 'ipaddr.js'

/** A block of addresses of one family, without host bits. */
export interface Prefix {
  readonly family: 4 | 6
  /** Network address as bytes, most significant first: 4 or 16. */
  readonly bytes: readonly number[]
  readonly length: number
}

/** Why a text is no prefix, for a person to read. */
export interface PrefixFault {
  readonly fault: string
}

/** Every address there is, in both families. */
export const anySource = ['0.0.0.0/0', '::/0'] as const

const V4 = /^(?:0|[1-9]\d{0,2})(?:\.(?:0|[1-9]\d{0,2})){3}$/
const LENGTH = /^(?:0|[1-9]\d{0,2})$/

/**
 * Reads a CIDR strictly; a bare address stands for itself alone. Host bits, zone ids, leading zeros, and IPv4 written
 * as IPv6 are faults: each is read differently by some cloud or tool.
 */
export function parsePrefix(text: string): Prefix | PrefixFault {
  const [address = '', lengthText, ...rest] = text.split('/')
  const bytes = bytesOf(address)
  if (bytes === null || rest.length > 0) return { fault: `${quoted(text)} is no IP address and no CIDR.` }
  const family = bytes.length === 4 ? 4 : 6
  if (family === 6 && ipaddr.IPv6.parse(address).isIPv4MappedAddress())
    return { fault: `${quoted(text)} is an IPv4 address written as IPv6: write it as IPv4.` }
  const longest = bytes.length * 8
  const length = lengthText === undefined ? longest : LENGTH.test(lengthText) ? Number(lengthText) : Number.NaN
  if (!(length <= longest)) return { fault: `${quoted(text)}: the prefix length lies between 0 and ${longest}.` }
  const network = bytes.map((byte, index) => byte & maskByte(length, index))
  if (network.some((byte, index) => byte !== bytes[index]))
    return {
      fault: `${quoted(text)} has host bits set; did you mean ${formatPrefix({ family, bytes: network, length })}?`,
    }
  return { family, bytes, length }
}

/** The one way a prefix is written: `192.0.2.0/24`, `2001:db8::/32`. */
export function formatPrefix(prefix: Prefix): string {
  const address = ipaddr.fromByteArray([...prefix.bytes])
  return `${address.kind() === 'ipv6' ? (address as ipaddr.IPv6).toRFC5952String() : address.toString()}/${prefix.length}`
}

/** Whether every address of `inner` lies in `outer`. */
export function prefixContains(outer: Prefix, inner: Prefix): boolean {
  return (
    outer.family === inner.family &&
    outer.length <= inner.length &&
    outer.bytes.every((byte, index) => byte === ((inner.bytes[index] ?? 0) & maskByte(outer.length, index)))
  )
}

/** Whether some address lies in both. */
export function prefixesOverlap(left: Prefix, right: Prefix): boolean {
  return prefixContains(left, right) || prefixContains(right, left)
}

/** The family of an address or a prefix in canonical form. */
export function familyOf(text: string): 4 | 6 {
  return text.includes(':') ? 6 : 4
}

/** An address as it would be written alone: `::ffff:192.0.2.1` is `192.0.2.1`; null when the text is none. */
export function plainAddress(text: string): string | null {
  const bare = text.replace(/%.*$/, '')
  return ipaddr.isValid(bare) ? ipaddr.process(bare).toString() : null
}

function bytesOf(address: string): number[] | null {
  if (address.includes(':')) {
    if (address.includes('%') || !ipaddr.IPv6.isValid(address)) return null
    return ipaddr.IPv6.parse(address).toByteArray()
  }
  return V4.test(address) && ipaddr.IPv4.isValid(address) ? ipaddr.IPv4.parse(address).toByteArray() : null
}

/** The bits of byte `index` that a prefix of `length` fixes. */
function maskByte(length: number, index: number): number {
  const bits = Math.min(8, Math.max(0, length - index * 8))
  return (0xff << (8 - bits)) & 0xff
}

const quoted = (text: string) => `“${text.slice(0, 60)}”`
