import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatPrefix, parsePrefix, plainAddress, prefixContains, prefixesOverlap } from '../../src/access/prefix.ts'
import type { Prefix } from '../../src/access/prefix.ts'

function prefix(text: string): Prefix {
  const read = parsePrefix(text)
  if ('fault' in read) throw new Error(read.fault)
  return read
}

const v4 = fc
  .tuple(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.integer({ min: 0, max: 32 }))
  .map(([bytes, length]) => masked(4, [...bytes], length))
const v6 = fc
  .tuple(fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.integer({ min: 0, max: 128 }))
  .map(([bytes, length]) => masked(6, [...bytes], length))
  .filter(({ bytes }) => bytes.slice(0, 10).some((byte) => byte !== 0))

function masked(family: 4 | 6, bytes: number[], length: number): Prefix {
  const bit = (index: number) => (index < length ? 1 : 0)
  return {
    family,
    length,
    bytes: bytes.map((byte, at) =>
      [0, 1, 2, 3, 4, 5, 6, 7].reduce((kept, n) => kept | (byte & (0x80 >> n) & (bit(at * 8 + n) ? 0xff : 0)), 0),
    ),
  }
}

describe('A prefix', () => {
  it('is written in one way only, and reads back as itself', () => {
    fc.assert(
      fc.property(fc.oneof(v4, v6), (one) => {
        expect(prefix(formatPrefix(one))).toEqual(one)
      }),
    )
    expect(formatPrefix(prefix('2001:DB8:0:0::/32'))).toBe('2001:db8::/32')
  })

  it('of a bare address holds that address alone', () => {
    expect(formatPrefix(prefix('203.0.113.7'))).toBe('203.0.113.7/32')
    expect(formatPrefix(prefix('2001:db8::1'))).toBe('2001:db8::1/128')
  })

  it.each([
    ['10.0.0.1/24', 'host bits'],
    ['2001:db8::1/64', 'host bits'],
    ['10.0.0.0/33', 'between 0 and 32'],
    ['2001:db8::/129', 'between 0 and 128'],
    ['10.0.0.0/', 'between 0 and 32'],
    ['10.0.0.0/08', 'between 0 and 32'],
    ['::ffff:10.0.0.1', 'written as IPv6'],
    ['fe80::1%eth0', 'no IP address'],
    ['010.0.0.1', 'no IP address'],
    ['10.0.0', 'no IP address'],
    ['10.0.0.256', 'no IP address'],
    ['10.0.0.0/8/8', 'no IP address'],
    ['Internet', 'no IP address'],
    ['*', 'no IP address'],
    ['', 'no IP address'],
  ])('is not %s: %s', (text, why) => {
    expect(parsePrefix(text)).toEqual({ fault: expect.stringContaining(why) as string })
  })

  it('with host bits set is refused with the prefix that was probably meant', () => {
    expect(parsePrefix('10.1.2.3/16')).toEqual({ fault: expect.stringContaining('10.1.0.0/16') as string })
  })

  it('contains another exactly when it fixes no bit that the other leaves open or sets otherwise', () => {
    expect(prefixContains(prefix('198.51.100.0/24'), prefix('198.51.100.7/32'))).toBe(true)
    expect(prefixContains(prefix('198.51.100.7/32'), prefix('198.51.100.0/24'))).toBe(false)
    expect(prefixContains(prefix('198.51.100.0/25'), prefix('198.51.100.128/25'))).toBe(false)
    expect(prefixContains(prefix('0.0.0.0/0'), prefix('2001:db8::1'))).toBe(false)
    expect(prefixContains(prefix('::/0'), prefix('2001:db8::1'))).toBe(true)
    fc.assert(
      fc.property(v4, v4, (left, right) => {
        const both = prefixContains(left, right) && prefixContains(right, left)
        expect(both).toBe(formatPrefix(left) === formatPrefix(right))
        expect(prefixesOverlap(left, right)).toBe(prefixesOverlap(right, left))
      }),
    )
  })
})

describe('The address of a caller', () => {
  it('is IPv4 also when a dual-stack socket wrote it as IPv6', () => {
    expect(plainAddress('::ffff:192.0.2.1')).toBe('192.0.2.1')
    expect(plainAddress('2001:db8::1')).toBe('2001:db8::1')
    expect(plainAddress('unknown')).toBeNull()
  })
})
