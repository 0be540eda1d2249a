import type { Rule } from '../../../src/firewall/rule.ts'
import { isIn } from '../packet.ts'

/** One packet to a firewall. */
export interface PublicPacket {
  readonly source: string
  readonly address: string
  readonly port: number
  readonly protocol: 'TCP' | 'UDP'
}

/**
 * Walks NAT rules as Azure does: collections by priority, rules in their order, the first that matches. Written apart
 * from the code under test, on Node's own address arithmetic.
 */
export function translate(rules: readonly Rule[], packet: PublicPacket): Rule | null {
  return (
    rules
      .toSorted((left, right) => left.priority - right.priority)
      .find(
        (rule) =>
          (rule.protocol === 'ANY' || rule.protocol === packet.protocol) &&
          rule.ports.some(({ first, last }) => first <= packet.port && packet.port <= last) &&
          rule.destinations.some((text) => isIn(packet.address, text)) &&
          rule.sources.some((text) => isIn(packet.source, text)),
      ) ?? null
  )
}
