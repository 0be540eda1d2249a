import type { IncomingMessage } from 'node:http'
import { BlockList, isIP, isIPv4, SocketAddress } from 'node:net'

/** Tells the address a request came from; null when it cannot be told. */
export type ClientAddress = (request: IncomingMessage) => string | null

/**
 * The peer's address, or, behind proxies of ours, the right-most address of `X-Forwarded-For` that is none of theirs:
 * whatever stands further left was written by somebody we do not trust. `trusted` holds addresses and CIDRs.
 */
export function clientAddress(trusted: readonly string[]): ClientAddress {
  const proxies = new BlockList()
  for (const entry of trusted) {
    const [address = '', length] = entry.split('/')
    const family = isIPv4(address) ? 'ipv4' : 'ipv6'
    proxies.addSubnet(address, Number(length ?? (family === 'ipv4' ? 32 : 128)), family)
  }
  const isProxy = (address: string) => proxies.check(address, isIPv4(address) ? 'ipv4' : 'ipv6')

  // A connection keeps its address for as long as it lasts, and may bring thousands of requests.
  const peers = new WeakMap<object, string | null>()
  const peerOf = ({ socket }: IncomingMessage): string | null => {
    const known = peers.get(socket)
    if (known !== undefined) return known
    const address = normalAddress(socket.remoteAddress ?? '')
    peers.set(socket, address)
    return address
  }

  return (request) => {
    let address = peerOf(request)
    if (trusted.length === 0) return address
    const forwarded = [request.headers['x-forwarded-for'] ?? []].flat().join(',')
    const hops = forwarded.split(',').filter((hop) => hop.trim() !== '')
    while (address !== null && isProxy(address) && hops.length > 0)
      address = normalAddress(withoutPort(hops.pop() ?? ''))
    return address
  }
}

/** An address in its one form: IPv4 mapped into IPv6 as IPv4, IPv6 compressed and without zone; null when it is none. */
export function normalAddress(text: string): string | null {
  const bare = text.trim().replace(/%.*$/, '')
  if (isIP(bare) === 0) return null
  if (isIPv4(bare)) return bare
  const { address } = new SocketAddress({ address: bare, family: 'ipv6' })
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  return mapped ?? address
}

/** Some proxies write `192.0.2.1:4711` or `[2001:db8::1]:4711`. */
function withoutPort(hop: string): string {
  const text = hop.trim().replace(/^"(.*)"$/, '$1')
  return /^\[(.*)\](?::\d+)?$/.exec(text)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(text)?.[1] ?? text
}
