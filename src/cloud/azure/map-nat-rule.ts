import { formatPrefix, parsePrefix } from '../../access/prefix.ts'
import type { Rule } from '../../firewall/rule.ts'
import { listProperty, textProperty, type Json } from './answer.ts'
import { readRange } from './map-rule.ts'

/** A firewall knows IPv4 only, so that this is what it calls `*`. */
const EVERYONE = '0.0.0.0/0'

/** A NAT rule in the gateway's words, under the name it is known by and the priority of its collection. */
export function readNatRule(raw: unknown, name: string, priority: number): Rule {
  // What it sends to may be a name, of which the cloud alone knows the address.
  const address = textProperty(raw, 'translatedAddress') ?? textProperty(raw, 'translatedFqdn')
  return {
    name,
    description: textProperty(raw, 'description') ?? '',
    priority,
    access: 'ALLOW',
    protocol: readProtocols(texts(raw, 'protocols')),
    sources: [...texts(raw, 'sourceAddresses').map(canonical), ...texts(raw, 'sourceIpGroups').map(lower)],
    sourcePorts: [{ first: 0, last: 65_535 }],
    destinations: texts(raw, 'destinationAddresses').map(canonical),
    ports: texts(raw, 'destinationPorts').map(readRange),
    ...(address === null ? {} : { translatesTo: { address, port: Number(textProperty(raw, 'translatedPort')) } }),
  }
}

/** A rule of ours as Azure takes it. */
export function writeNatRule(rule: Rule): Json {
  const { protocol, translatesTo: target } = rule
  if (protocol === 'OTHER' || target === undefined || rule.access === 'DENY')
    throw new Error(`the rule ${rule.name} is none that a firewall can translate by`)
  return {
    name: rule.name,
    description: rule.description,
    protocols: protocol === 'ANY' ? ['TCP', 'UDP'] : [protocol],
    sourceAddresses: rule.sources.map((text) => (text === EVERYONE ? '*' : bare(text))),
    destinationAddresses: rule.destinations.map(bare),
    destinationPorts: rule.ports.map(({ first }) => String(first)),
    translatedAddress: target.address,
    translatedPort: String(target.port),
  }
}

function readProtocols(names: readonly string[]): Rule['protocol'] {
  const known = new Set(names.map((name) => name.toUpperCase()))
  if (known.has('ANY') || (known.has('TCP') && known.has('UDP'))) return 'ANY'
  return known.has('TCP') ? 'TCP' : known.has('UDP') ? 'UDP' : 'OTHER'
}

/** A prefix in its one form; what is none stays as it is. */
function canonical(text: string): string {
  if (text === '*') return EVERYONE
  const prefix = parsePrefix(text)
  return 'fault' in prefix ? text : formatPrefix(prefix)
}

const bare = (text: string) => text.replace(/\/32$/, '')

const lower = (text: string) => text.toLowerCase()

const texts = (raw: unknown, name: string) => listProperty(raw, name).map(String)
