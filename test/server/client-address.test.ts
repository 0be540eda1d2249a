import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { clientAddress, normalAddress } from '../../src/server/client-address.ts'

function seen(peer: string, forwarded: string | undefined, trusted: readonly string[]): string | null {
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }
  return clientAddress(trusted)({ socket: { remoteAddress: peer }, headers } as unknown as IncomingMessage)
}

describe('the address of a client', () => {
  it('is the peer’s, whatever the peer claims, when it is no proxy of ours', () => {
    expect(seen('198.51.100.1', '203.0.113.9', [])).toBe('198.51.100.1')
    expect(seen('198.51.100.1', '203.0.113.9', ['10.0.0.0/8'])).toBe('198.51.100.1')
  })

  it('is the first from the right that is no proxy of ours: what stands left of it may be invented', () => {
    const trusted = ['10.0.0.0/8', '2001:db8::1']
    expect(seen('10.0.0.1', '203.0.113.9', trusted)).toBe('203.0.113.9')
    expect(seen('10.0.0.1', '1.1.1.1, 203.0.113.9, 10.0.0.7', trusted)).toBe('203.0.113.9')
    expect(seen('2001:db8::1', '1.1.1.1, 2001:db8::9', trusted)).toBe('2001:db8::9')
    expect(seen('::ffff:10.0.0.1', '203.0.113.9', trusted)).toBe('203.0.113.9')
  })

  it('is the left-most proxy when no one stands before it', () => {
    expect(seen('10.0.0.1', undefined, ['10.0.0.0/8'])).toBe('10.0.0.1')
    expect(seen('10.0.0.1', '10.0.0.2', ['10.0.0.0/8'])).toBe('10.0.0.2')
  })

  it('cannot be told when a proxy of ours forwards what is no address', () => {
    expect(seen('10.0.0.1', '203.0.113.9, unknown', ['10.0.0.0/8'])).toBeNull()
  })

  it('may carry a port, as some proxies write it', () => {
    expect(seen('10.0.0.1', '203.0.113.9:4711', ['10.0.0.1'])).toBe('203.0.113.9')
    expect(seen('10.0.0.1', '"[2001:DB8::2]:4711"', ['10.0.0.1'])).toBe('2001:db8::2')
  })

  it('has one form', () => {
    expect(normalAddress('::ffff:192.0.2.1')).toBe('192.0.2.1')
    expect(normalAddress('::FFFF:c000:0201')).toBe('192.0.2.1')
    expect(normalAddress('2001:0db8:0:0:0:0:0:1')).toBe('2001:db8::1')
    expect(normalAddress('fe80::1%eth0')).toBe('fe80::1')
    expect(normalAddress('localhost')).toBeNull()
  })
})
