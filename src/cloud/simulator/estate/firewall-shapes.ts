import { firewallType, type AzureFirewall, type NatRule, type Resource } from '../resource.ts'
import { guidFrom, idOf, type Place } from './place.ts'
import type { FirewallSketch, NatSketch } from './sketch.ts'

/** The subnet that a firewall must be in, by name. */
export const FIREWALL_SUBNET_NAME = 'AzureFirewallSubnet'

/** A firewall with classic rules, or with none where a policy manages it. */
export function azureFirewall(
  place: Place,
  { name, nat = [], publicAddresses }: FirewallSketch,
  shape: {
    readonly subnetId: string
    readonly privateAddress: string
    readonly publicAddressIds: readonly string[]
    readonly policyId: string | null
    /** The private address of a machine by its name. */
    readonly addressOf: (machine: string) => string
  },
): AzureFirewall {
  const id = idOf(place, firewallType, name)
  const etag = `W/"${guidFrom(`etag ${id}`)}"`
  const natRule = ({ sources = ['*'], protocols = ['TCP'], port, to, toPort, ...rule }: NatSketch): NatRule => ({
    name: rule.name,
    protocols: [...protocols],
    translatedAddress: shape.addressOf(to),
    translatedPort: String(toPort),
    sourceAddresses: [...sources],
    sourceIpGroups: [],
    destinationAddresses: publicAddresses.slice(0, 1),
    destinationPorts: [String(port)],
  })
  return {
    name,
    id,
    etag,
    type: firewallType,
    location: place.location,
    properties: {
      provisioningState: 'Succeeded',
      sku: { name: 'AZFW_VNet', tier: 'Standard' },
      threatIntelMode: 'Alert',
      additionalProperties: {},
      ...(shape.policyId === null ? {} : { firewallPolicy: { id: shape.policyId } }),
      ipConfigurations: shape.publicAddressIds.map((publicAddressId, index) => ({
        name: `ipconfig${String(index + 1)}`,
        id: `${id}/azureFirewallIpConfigurations/ipconfig${String(index + 1)}`,
        etag,
        type: `${firewallType}/azureFirewallIpConfigurations`,
        properties: {
          provisioningState: 'Succeeded',
          // One of them is in the subnet; the others only add an address.
          ...(index === 0 ? { privateIPAddress: shape.privateAddress, subnet: { id: shape.subnetId } } : {}),
          publicIPAddress: { id: publicAddressId },
        },
      })),
      networkRuleCollections: [],
      applicationRuleCollections: [],
      natRuleCollections:
        nat.length === 0
          ? []
          : [
              {
                name: 'published',
                id: `${id}/natRuleCollections/published`,
                properties: { priority: 200, action: { type: 'Dnat' }, rules: nat.map(natRule) },
              },
            ],
    },
  }
}

/** A policy of Firewall Manager, as far as a firewall refers to it. */
export function firewallPolicy(place: Place, name: string): Resource {
  const type = 'Microsoft.Network/firewallPolicies'
  const id = idOf(place, type, name)
  return {
    name,
    id,
    type,
    location: place.location,
    properties: { provisioningState: 'Succeeded', threatIntelMode: 'Alert' },
  }
}
