import { formatPrefix, parsePrefix } from '../../access/prefix.ts'
import type { PortRange, Rule } from '../../firewall/rule.ts'
import { listProperty, property, textProperty, type Json } from './answer.ts'

/** An inbound security rule in the gateway's words; null for an outbound one. */
export function readRule(raw: unknown): Rule | null {
  const properties = property(raw, 'properties')
  if (textProperty(properties, 'direction')?.toLowerCase() !== 'inbound') return null
  return {
    name: textProperty(raw, 'name') ?? '',
    description: textProperty(properties, 'description') ?? '',
    priority: Number(property(properties, 'priority')),
    // What is not said to deny is taken to let in: that shows too much rather than too little.
    access: textProperty(properties, 'access')?.toLowerCase() === 'deny' ? 'DENY' : 'ALLOW',
    protocol: readProtocol(textProperty(properties, 'protocol') ?? ''),
    sources: readSide(properties, 'source'),
    sourcePorts: readPorts(properties, 'source'),
    destinations: readSide(properties, 'destination'),
    ports: readPorts(properties, 'destination'),
  }
}

/** How Azure writes the protocols that rules of ours have; the rest would have to be written as all of them. */
const protocols: Readonly<Record<Exclude<Rule['protocol'], 'OTHER'>, string>> = { TCP: 'Tcp', UDP: 'Udp', ANY: '*' }

/** A rule of ours as Azure takes it: one value in the singular field, several in the plural one. */
export function writeRule(rule: Rule): Json {
  if (rule.protocol === 'OTHER') throw new Error(`the rule ${rule.name} has a protocol that cannot be written`)
  return {
    name: rule.name,
    properties: {
      description: rule.description,
      direction: 'Inbound',
      access: rule.access === 'ALLOW' ? 'Allow' : 'Deny',
      priority: rule.priority,
      protocol: protocols[rule.protocol],
      ...oneOrMany('sourceAddressPrefix', 'sourceAddressPrefixes', rule.sources),
      ...oneOrMany('sourcePortRange', 'sourcePortRanges', rule.sourcePorts.map(rangeText)),
      ...oneOrMany('destinationAddressPrefix', 'destinationAddressPrefixes', rule.destinations),
      ...oneOrMany('destinationPortRange', 'destinationPortRanges', rule.ports.map(rangeText)),
    },
  }
}

function readProtocol(text: string): Rule['protocol'] {
  const known: Readonly<Record<string, Rule['protocol']>> = { tcp: 'TCP', udp: 'UDP', '*': 'ANY' }
  return known[text.toLowerCase()] ?? 'OTHER'
}

/** Addresses of one side, in one way of writing each, and the groups it names by their ids. */
function readSide(properties: unknown, side: 'source' | 'destination'): string[] {
  const one = textProperty(properties, `${side}AddressPrefix`)
  const many = listProperty(properties, `${side}AddressPrefixes`).map(String)
  const groups = listProperty(properties, `${side}ApplicationSecurityGroups`)
  return [
    ...(one === null || one === '' ? [] : [one]).map(canonical),
    ...many.map(canonical),
    ...groups.flatMap((group) => textProperty(group, 'id')?.toLowerCase() ?? []),
  ]
}

/** A prefix in its one form; what is none stays as it is: `*`, a service tag. Azure takes `0.0.0.0/0` for `*` and keeps it. */
function canonical(text: string): string {
  const prefix = parsePrefix(text)
  return 'fault' in prefix ? text : formatPrefix(prefix)
}

function readPorts(properties: unknown, side: 'source' | 'destination'): PortRange[] {
  const one = textProperty(properties, `${side}PortRange`)
  const many = listProperty(properties, `${side}PortRanges`).map(String)
  return [...(one === null || one === '' ? [] : [one]), ...many].map(readRange)
}

/** A port, a range of ports, or `*`. */
export function readRange(text: string): PortRange {
  if (text === '*') return { first: 0, last: 65_535 }
  const [first = '', last = first] = text.split('-')
  return { first: Number(first), last: Number(last) }
}

function rangeText({ first, last }: PortRange): string {
  if (first === 0 && last === 65_535) return '*'
  return first === last ? String(first) : `${String(first)}-${String(last)}`
}

const oneOrMany = (singular: string, plural: string, values: readonly string[]): Json =>
  values.length === 1 ? { [singular]: values[0] } : { [plural]: [...values] }
