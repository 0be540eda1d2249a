import { isObject, unparsable } from '../group/validate-group.ts'
import { readBlock } from '../prefix.ts'
import type { NatRule } from '../resource.ts'
import { refused } from './validate-firewall.ts'

/** Checks one NAT rule as Azure does; it translates an address of the firewall to an address behind it. */
export function readNatRule(value: unknown, publicAddresses: readonly string[]): NatRule {
  if (!isObject(value) || typeof value['name'] !== 'string') throw unparsable('a rule has no name')
  const { name } = value
  const texts = (field: string): string[] => {
    const found = value[field] ?? []
    if (!Array.isArray(found) || found.some((each) => typeof each !== 'string'))
      throw unparsable(`${field} of rule ${name} must be a list of texts`)
    return found as string[]
  }
  const invalid = (code: string, message: string) =>
    refused(`AzureFirewallRule${code}`, `AzureFirewallRule ${name}: ${message}`)
  const [sources, groups] = [texts('sourceAddresses'), texts('sourceIpGroups')]
  if (sources.length + groups.length === 0) throw invalid('MissingSource', 'Sources must be specified.')
  for (const text of sources)
    if (text !== '*' && !isV4(text)) throw invalid('InvalidIpAddress', `Invalid IP address value or range ${text}.`)
  const destinations = texts('destinationAddresses')
  for (const text of destinations)
    if (!publicAddresses.includes(text))
      throw invalid('InvalidDnatDestination', `Destination ${text} is no public IP address of the firewall.`)
  if (destinations.length !== 1) throw invalid('InvalidDnatDestination', 'One destination address must be specified.')
  const ports = texts('destinationPorts')
  for (const text of [...ports, String(value['translatedPort'])]) if (!isPort(text)) throw invalid(...badPort)
  if (ports.length !== 1) throw invalid(...badPort)
  const protocols = texts('protocols')
  if (protocols.length === 0 || protocols.some((text) => !/^(tcp|udp|any)$/i.test(text)))
    throw invalid('InvalidProtocol', 'Protocols must be TCP or UDP.')
  const { translatedAddress, translatedFqdn } = value
  if (typeof translatedFqdn !== 'string' && (typeof translatedAddress !== 'string' || !isV4(translatedAddress)))
    throw invalid('InvalidTranslatedAddress', `Invalid translated address ${String(translatedAddress)}.`)
  return value as NatRule
}

const badPort = [
  'InvalidDnatPortOrRangeFormat',
  'Invalid DNat port value or range. Multiple values, * and ranges are not supported for DNAT translated port.',
] as const

const isPort = (text: string) => /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535

/** Firewalls of Azure do not filter IPv6. */
const isV4 = (text: string) => {
  const block = readBlock(text)
  return block !== null && block.family === 4 && !block.hostBits
}
