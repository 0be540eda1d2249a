import { formatPrefix, type Prefix } from '../access/prefix.ts'
import type { Protocol } from '../access/words.ts'
import { denyDescription } from './describe.ts'
import type { ProtectedMachine } from './input.ts'
import { anyPort, compareTexts, everyAddress, prefixesOf, type Flow } from './match.ts'
import { distinct, shortHash } from './opening.ts'
import { OUR_PREFIX, type Rule } from './rule.ts'

/** Ports that one deny closes, for every machine of the boundary that has just these, in one address family. */
export interface Closing {
  readonly name: string
  readonly family: 4 | 6
  readonly protocol: Protocol
  /** Ascending. */
  readonly ports: readonly number[]
  readonly addresses: readonly Prefix[]
}

/** What must be closed behind a boundary, by rule name. */
export function closingsOf(machines: readonly ProtectedMachine[]): Closing[] {
  const byName = new Map<string, Closing>()
  for (const machine of machines) {
    const addresses = prefixesOf(machine.addresses)
    for (const protocol of new Set(machine.ports.map((port) => port.protocol)))
      for (const family of [4, 6] as const) {
        const ports = portsOf(machine, protocol)
        const added = addresses.filter((address) => address.family === family)
        if (added.length === 0) continue
        const name = `${OUR_PREFIX}Deny-${shortHash(`${protocol} ${family} ${ports.join(',')}`)}`
        const before = byName.get(name)?.addresses ?? []
        byName.set(name, { name, family, protocol, ports, addresses: [...before, ...added] })
      }
  }
  return [...byName.values()]
    .map((closing) => ({ ...closing, addresses: distinct(closing.addresses) }))
    .toSorted((left, right) => compareTexts(left.name, right.name))
}

/** The deny of a closing, at a number. It keeps everyone out: peers in the same network no less than the internet. */
export function denyOf(closing: Closing, priority: number): Rule {
  return {
    name: closing.name,
    description: denyDescription,
    priority,
    access: 'DENY',
    protocol: closing.protocol,
    sources: ['*'],
    sourcePorts: [anyPort],
    destinations: closing.addresses.map(formatPrefix),
    ports: closing.ports.map((port) => ({ first: port, last: port })),
  }
}

/** What may reach a port of one address unless it is closed, protocol by protocol: each may be shadowed by another rule. */
export function flowsTo(address: Prefix, port: number, protocol: Protocol): Flow[] {
  return (protocol === 'ANY' ? (['TCP', 'UDP'] as const) : [protocol]).map((carrier) => ({
    sources: everyAddress(address.family),
    destinations: [address],
    port,
    protocol: carrier,
  }))
}

function portsOf(machine: ProtectedMachine, protocol: Protocol): number[] {
  const ports = machine.ports.filter((port) => port.protocol === protocol).map((port) => port.port)
  return [...new Set(ports)].toSorted((left, right) => left - right)
}
