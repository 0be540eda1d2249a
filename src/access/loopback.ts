import { parsePrefix } from './prefix.ts'

/** Whether a host name or address stays on this machine. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1')
  if (bare === 'localhost' || bare === '::1') return true
  return /^127(?:\.\d+){3}$/.test(bare) && !('fault' in parsePrefix(bare))
}
