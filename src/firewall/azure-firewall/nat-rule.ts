import { formatPrefix, prefixesOverlap } from '../../access/prefix.ts'
import { prefixOf } from '../match.ts'
import { ruleOf, type Opening } from '../opening.ts'
import type { Endpoint, Rule } from '../rule.ts'

/** The rule by which a firewall opens: what comes to the public endpoint goes on to the machine. */
export function natRuleOf(opening: Opening, endpoint: Endpoint, priority: number): Rule {
  return {
    ...ruleOf(opening, priority),
    destinations: [blockOf(endpoint.address)],
    ports: [{ first: endpoint.port, last: endpoint.port }],
    translatesTo: targetOf(opening),
  }
}

/** The machine's address and port that an opening leads to. A firewall is given one address of each machine. */
export function targetOf({ flow }: Opening): Endpoint {
  const address = flow.destinations.map(formatPrefix)[0] ?? ''
  return { address: address.replace(/\/\d+$/, ''), port: flow.port }
}

/**
 * A NAT rule as it would stand behind the firewall: from whom it lets in, to which machine and port. So it can be held
 * against what grants give. A rule that sends to a name of which only the cloud knows the address may lead anywhere.
 */
export function behind(rule: Rule): Rule {
  const { translatesTo: target, ...rest } = rule
  if (target === undefined) return rule
  return { ...rest, destinations: [blockOf(target.address)], ports: [{ first: target.port, last: target.port }] }
}

/** The public endpoint of a rule; null when it has none, or more than one. */
export function endpointOf({ destinations, ports }: Rule): Endpoint | null {
  const [destination, ...others] = destinations
  const [range, ...more] = ports
  if (destination === undefined || range === undefined || others.length + more.length > 0) return null
  return range.first === range.last ? { address: destination.replace(/\/32$/, ''), port: range.first } : null
}

/** Whether a rule may match what comes to an endpoint, from anywhere. */
export function takes(rule: Rule, { address, port }: Endpoint): boolean {
  return takesAt(rule, address) && rule.ports.some(({ first, last }) => first <= port && port <= last)
}

/** Whether a rule may match what comes to some port of an address. */
export function takesAt({ destinations }: Rule, address: string): boolean {
  const wanted = prefixOf(address)
  return destinations.some((text) => {
    const block = prefixOf(text)
    // `*`, and what only the cloud can resolve, may be any address.
    return block === null || wanted === null || prefixesOverlap(block, wanted)
  })
}

/** One address as a block. */
function blockOf(address: string): string {
  const prefix = prefixOf(address)
  return prefix === null ? address : formatPrefix(prefix)
}
