/** A resource as ARM shows it: `properties` by its type, and whatever else it carries. Ids keep the case they were made with. */
export interface Resource<P = Record<string, unknown>> {
  id: string
  name: string
  type?: string
  etag?: string
  location?: string
  tags?: Record<string, string>
  properties: P
  [more: string]: unknown
}

/** Names another resource. */
export interface Reference {
  id: string
}

/** A security rule's properties. Of each singular and plural pair one holds the value. */
export interface RuleProperties {
  access: string
  direction: string
  priority: number
  protocol: string
  description?: string
  sourceAddressPrefix?: string
  sourceAddressPrefixes?: string[]
  sourcePortRange?: string
  sourcePortRanges?: string[]
  destinationAddressPrefix?: string
  destinationAddressPrefixes?: string[]
  destinationPortRange?: string
  destinationPortRanges?: string[]
  sourceApplicationSecurityGroups?: Reference[]
  destinationApplicationSecurityGroups?: Reference[]
  provisioningState?: string
  [more: string]: unknown
}
export type SecurityRule = Resource<RuleProperties>

/** A network security group; its default rules and who uses it are worked out when it is shown. */
export type SecurityGroup = Resource<{
  provisioningState: string
  resourceGuid: string
  securityRules: SecurityRule[]
  [more: string]: unknown
}>

/** One rule of a firewall's NAT rule collection. */
export interface NatRule {
  name: string
  description?: string
  sourceAddresses?: string[]
  sourceIpGroups?: string[]
  destinationAddresses: string[]
  destinationPorts: string[]
  protocols: string[]
  translatedAddress?: string
  translatedFqdn?: string
  translatedPort: string
  [more: string]: unknown
}

/** A rule collection of a firewall: NAT rules, or rules of another sort that are kept as they were written. */
export type RuleCollection<Rule = NatRule> = Resource<{
  priority: number
  action: { type: string }
  rules: Rule[]
  provisioningState?: string
  [more: string]: unknown
}>

/** An Azure Firewall. One that a policy or a hub manages holds no rules of its own. */
export type AzureFirewall = Resource<{
  provisioningState: string
  ipConfigurations: Resource<{ privateIPAddress?: string; subnet?: Reference; publicIPAddress?: Reference }>[]
  natRuleCollections: RuleCollection[]
  networkRuleCollections: RuleCollection<object>[]
  applicationRuleCollections: RuleCollection<object>[]
  firewallPolicy?: Reference
  virtualHub?: Reference
  [more: string]: unknown
}>

/** A resource that callers write as a whole. */
export type Writable = SecurityGroup | AzureFirewall

export interface IpConfiguration {
  privateIPAddress?: string
  privateIPAddressVersion?: string
  primary?: boolean
  subnet?: Reference
  publicIPAddress?: Reference
  applicationSecurityGroups?: Reference[]
  [more: string]: unknown
}

export type NetworkInterface = Resource<{
  ipConfigurations: Resource<IpConfiguration>[]
  networkSecurityGroup?: Reference
  virtualMachine?: Reference
  [more: string]: unknown
}>

export type VirtualNetwork = Resource<{
  addressSpace: { addressPrefixes: string[] }
  subnets: Resource<{
    addressPrefix?: string
    addressPrefixes?: string[]
    networkSecurityGroup?: Reference
    [more: string]: unknown
  }>[]
  virtualNetworkPeerings: { properties: { remoteVirtualNetwork: Reference } }[]
  [more: string]: unknown
}>

export type VirtualMachine = Resource<{
  networkProfile: { networkInterfaces: (Reference & { properties?: { primary?: boolean } })[] }
  instanceView?: { statuses: { code: string; [more: string]: unknown }[]; [more: string]: unknown }
  [more: string]: unknown
}>

export interface Subscription {
  readonly subscriptionId: string
  readonly displayName: string
}

/** Everything a simulated cloud holds, fit to be written as JSON. */
export interface Estate {
  readonly subscriptions: readonly Subscription[]
  readonly resources: readonly Resource[]
}

export const groupType = 'Microsoft.Network/networkSecurityGroups'
export const firewallType = 'Microsoft.Network/azureFirewalls'
export const interfaceType = 'Microsoft.Network/networkInterfaces'
export const networkType = 'Microsoft.Network/virtualNetworks'
export const publicAddressType = 'Microsoft.Network/publicIPAddresses'
export const machineType = 'Microsoft.Compute/virtualMachines'
export const policyAssignmentType = 'Microsoft.Authorization/policyAssignments'
export const classicMachineType = 'Microsoft.ClassicCompute/virtualMachines'

/** ARM compares ids without case: this is what they are compared and kept by. */
export function keyOf(id: string): string {
  return id.toLowerCase()
}

/** The subscription's part of an id, lower-cased; empty when it has none. */
export function subscriptionOf(id: string): string {
  return id.split('/')[2]?.toLowerCase() ?? ''
}

/** The id of what holds a child resource: a subnet's network, a rule's group. */
export function parentId(childId: string): string {
  return childId.split('/').slice(0, -2).join('/')
}

/** A fresh etag, in ARM's form. */
export function newEtag(): string {
  return `W/"${crypto.randomUUID()}"`
}
