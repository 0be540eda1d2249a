import {
  groupType,
  interfaceType,
  networkType,
  publicAddressType,
  type NetworkInterface,
  type Resource,
  type SecurityGroup,
  type VirtualNetwork,
} from '../resource.ts'
import { guidFrom, idOf, type Place } from './place.ts'
import { securityRule, type RuleSketch } from './rule-sketch.ts'

/** What every resource of Microsoft.Network has. */
function network<P extends object>(place: Place, type: string, name: string, properties: P) {
  const id = idOf(place, type, name)
  return {
    name,
    id,
    etag: `W/"${guidFrom(`etag ${id}`)}"`,
    type,
    location: place.location,
    properties: { provisioningState: 'Succeeded', resourceGuid: guidFrom(id), ...properties },
  }
}

export function securityGroup(place: Place, name: string, rules: readonly RuleSketch[]): SecurityGroup {
  const id = idOf(place, groupType, name)
  return network(place, groupType, name, { securityRules: rules.map((rule) => securityRule(id, rule)) })
}

/** A network with its subnets; `prefixes` of each are CIDRs of either family. */
export function virtualNetwork(
  place: Place,
  name: string,
  prefixes: readonly string[],
  subnets: readonly { readonly name: string; readonly prefixes: readonly string[]; readonly groupId?: string }[],
): VirtualNetwork {
  const id = idOf(place, networkType, name)
  return network(place, networkType, name, {
    addressSpace: { addressPrefixes: [...prefixes] },
    privateEndpointVNetPolicies: 'Disabled',
    subnets: subnets.map((subnet) => ({
      name: subnet.name,
      id: `${id}/subnets/${subnet.name}`,
      etag: `W/"${guidFrom(`etag ${id}`)}"`,
      properties: {
        provisioningState: 'Succeeded',
        ...(subnet.prefixes.length === 1
          ? { addressPrefix: subnet.prefixes[0] ?? '' }
          : { addressPrefixes: [...subnet.prefixes] }),
        ...(subnet.groupId === undefined ? {} : { networkSecurityGroup: { id: subnet.groupId } }),
        delegations: [],
        privateEndpointNetworkPolicies: 'Disabled',
        privateLinkServiceNetworkPolicies: 'Enabled',
      },
      type: `${networkType}/subnets`,
    })),
    virtualNetworkPeerings: [],
    enableDdosProtection: false,
  })
}

/** `address` null: dynamic, and not given out at the moment. */
export function publicAddress(place: Place, name: string, address: string | null): Resource {
  return {
    ...network(place, publicAddressType, name, {
      ...(address === null ? {} : { ipAddress: address }),
      publicIPAddressVersion: 'IPv4',
      publicIPAllocationMethod: address === null ? 'Dynamic' : 'Static',
      idleTimeoutInMinutes: 4,
      ipTags: [],
    }),
    sku: { name: address === null ? 'Basic' : 'Standard', tier: 'Regional' },
  }
}

export function networkInterface(
  place: Place,
  name: string,
  shape: {
    readonly vmId: string
    readonly primary: boolean
    readonly subnetId: string
    /** Private addresses, the primary one first. */
    readonly addresses: readonly string[]
    readonly publicAddressId?: string
    readonly groupId?: string
  },
): NetworkInterface {
  const id = idOf(place, interfaceType, name)
  const nic = network(place, interfaceType, name, {
    ipConfigurations: shape.addresses.map((address, index) => ({
      name: `ipconfig${String(index + 1)}`,
      id: `${id}/ipConfigurations/ipconfig${String(index + 1)}`,
      etag: `W/"${guidFrom(`etag ${id}`)}"`,
      type: `${interfaceType}/ipConfigurations`,
      properties: {
        provisioningState: 'Succeeded',
        privateIPAddress: address,
        privateIPAllocationMethod: 'Dynamic',
        ...(index === 0 && shape.publicAddressId !== undefined
          ? { publicIPAddress: { id: shape.publicAddressId } }
          : {}),
        subnet: { id: shape.subnetId },
        primary: index === 0,
        privateIPAddressVersion: address.includes(':') ? 'IPv6' : 'IPv4',
      },
    })),
    dnsSettings: { dnsServers: [], appliedDnsServers: [] },
    enableAcceleratedNetworking: false,
    enableIPForwarding: false,
    disableTcpStateTracking: false,
    ...(shape.groupId === undefined ? {} : { networkSecurityGroup: { id: shape.groupId } }),
    primary: shape.primary,
    virtualMachine: { id: shape.vmId },
    hostedWorkloads: [],
    tapConfigurations: [],
    nicType: 'Standard',
    auxiliaryMode: 'None',
  })
  return { ...nic, kind: 'Regular' }
}
