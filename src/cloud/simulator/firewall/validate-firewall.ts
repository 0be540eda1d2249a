import { ArmError } from '../answer.ts'
import { isObject, unparsable } from '../group/validate-group.ts'
import { keyOf, type AzureFirewall, type NatRule, type RuleCollection } from '../resource.ts'
import type { World } from '../world.ts'
import { collectionLists, type FirewallInput } from './show-firewall.ts'
import { readNatRule } from './validate-nat-rule.ts'

/** Of public addresses, and of the endpoints at them that NAT rules translate, together. */
const MOST_ENDPOINTS = 250

const collectionName = /^[a-z0-9](?:[\w.-]{0,78}\w)?$/i

/**
 * Checks the body of a firewall's PUT as Azure does. Throws the `ArmError` that Azure would answer with. Codes of which
 * no record was found are in the manner of those that are known.
 */
export function readFirewall(world: World, before: AzureFirewall, body: unknown): FirewallInput {
  if (!isObject(body)) throw unparsable('the body must be an object')
  const properties = body['properties'] ?? {}
  if (!isObject(properties)) throw unparsable('properties must be an object')
  const tags = body['tags']
  if (tags !== undefined && tags !== null && !isObject(tags)) throw unparsable('tags must be an object')
  const addresses = publicAddressesOf(world, before)
  const lists = collectionLists.map((list) => readCollections(properties[list] ?? [], list, before.id))
  const [nat = [], network = [], application = []] = lists
  if (isManaged(before) && lists.some((list) => list.length > 0))
    throw refused(
      'AzureFirewallRulesNotAllowedWithFirewallPolicy',
      `AzureFirewall ${before.name}: Rule collections are not allowed when a firewall policy is attached.`,
    )
  const natRuleCollections = nat.map((collection) => ({
    ...collection,
    properties: {
      ...collection.properties,
      rules: collection.properties.rules.map((rule) => readNatRule(rule, addresses)),
    },
  }))
  checkEndpoints(natRuleCollections, addresses.length, before.name)
  return {
    ...(isObject(tags) ? { tags: tags as Record<string, string> } : {}),
    properties: {
      ...properties,
      natRuleCollections,
      networkRuleCollections: network as RuleCollection<object>[],
      applicationRuleCollections: application as RuleCollection<object>[],
    },
  }
}

/** The public addresses that a firewall is reached at. */
export function publicAddressesOf(world: World, { properties }: AzureFirewall): string[] {
  return properties.ipConfigurations.flatMap((configuration) => {
    const id = configuration.properties.publicIPAddress?.id
    const address = id === undefined ? undefined : world.get(id)?.properties['ipAddress']
    return typeof address === 'string' ? [address] : []
  })
}

/** A refusal of a firewall's write. */
export function refused(code: string, message: string): ArmError {
  return new ArmError(400, code, message, { details: [] })
}

const isManaged = ({ properties }: AzureFirewall) =>
  properties.firewallPolicy !== undefined || properties.virtualHub !== undefined

/** Collections of one sort; names and priorities must differ among them. */
function readCollections(value: unknown, list: string, firewallId: string): RuleCollection<unknown>[] {
  if (!Array.isArray(value)) throw unparsable(`properties.${list} must be a list`)
  const names = new Set<string>()
  const byPriority = new Map<number, string>()
  return value.map((each: unknown) => {
    if (!isObject(each) || !isObject(each['properties'])) throw unparsable(`a collection of ${list} has no properties`)
    const { name, properties } = each
    const { priority, action, rules } = properties
    if (typeof name !== 'string' || !collectionName.test(name))
      throw refused('InvalidResourceName', `Resource name ${String(name)} is invalid.`)
    if (names.has(keyOf(name)))
      throw refused(
        'DuplicateResourceName',
        `Resource ${firewallId} has two child resources with the same name (${name}).`,
      )
    names.add(keyOf(name))
    if (typeof priority !== 'number' || !Number.isInteger(priority) || priority < 100 || priority > 65_000)
      throw refused(
        'AzureFirewallRuleCollectionInvalidPriority',
        `AzureFirewallRuleCollection ${name}: Invalid priority ${String(priority)}. Allowed range 100-65000.`,
      )
    const other = byPriority.get(priority)
    if (other !== undefined)
      throw refused(
        'AzureFirewallRuleCollectionPriorityConflict',
        `AzureFirewallRuleCollection ${name}: Priority ${String(priority)} is used by ${other}.`,
      )
    byPriority.set(priority, name)
    if (!isObject(action) || !Array.isArray(rules)) throw unparsable(`collection ${name} needs an action and rules`)
    if (rules.length === 0)
      throw refused('AzureFirewallRuleCollectionEmpty', `AzureFirewallRuleCollection ${name}: There are no rules.`)
    const ruleNames = rules.map((rule: unknown) => (isObject(rule) ? keyOf(String(rule['name'])) : ''))
    if (new Set(ruleNames).size < ruleNames.length)
      throw refused('AzureFirewallRuleDuplicateName', `AzureFirewallRuleCollection ${name}: Rule names must differ.`)
    // What the cloud works out itself is shown anew each time.
    const { provisioningState: _, ...kept } = properties
    return { ...each, id: `${firewallId}/${list}/${name}`, name, properties: kept } as RuleCollection<unknown>
  })
}

/** Every endpoint that NAT rules translate, and every public address, takes from one budget. */
function checkEndpoints(collections: readonly RuleCollection[], addresses: number, name: string): void {
  const endpoints = new Set(collections.flatMap(({ properties }) => properties.rules.flatMap(endpointsOf)))
  const count = endpoints.size + addresses
  if (count > MOST_ENDPOINTS)
    throw refused(
      'AzureFirewallDnatRulesLimitReached',
      `AzureFirewall ${name}: Public IP addresses and DNAT destinations exceed the limit of ${String(MOST_ENDPOINTS)}, requested: ${String(count)}.`,
    )
}

const endpointsOf = ({ destinationAddresses, destinationPorts, protocols }: NatRule) =>
  destinationAddresses.flatMap((address) =>
    destinationPorts.flatMap((port) => protocols.map((protocol) => `${address} ${port} ${protocol.toLowerCase()}`)),
  )
