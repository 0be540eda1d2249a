import type { OperatingSystem, PowerState } from '../../access/words.ts'
import type { FoundBoundary, FoundInterface, FoundSubnet, FoundVirtualMachine } from '../port.ts'
import { listProperty, property, reference, textProperty } from './answer.ts'
import { isManaged, readFirewall } from './firewall.ts'
import { readGroup } from './group.ts'

/** The name of the resource group in an id, in the id's own case. */
const resourceGroupIn = (id: string) => id.split('/')[4] ?? ''

/** What every resource has. */
function common(raw: unknown) {
  const id = textProperty(raw, 'id') ?? ''
  return {
    id: id.toLowerCase(),
    name: textProperty(raw, 'name') ?? id.split('/').at(-1) ?? '',
    resourceGroup: resourceGroupIn(id),
    location: textProperty(raw, 'location') ?? '',
  }
}

/** `power` is what the list of states said of the machine; null when it said nothing. */
export function readMachine(raw: unknown, power: PowerState | null): FoundVirtualMachine {
  const properties = property(raw, 'properties')
  const interfaces = listProperty(property(properties, 'networkProfile'), 'networkInterfaces')
  const disk = property(property(properties, 'storageProfile'), 'osDisk')
  return {
    ...common(raw),
    classic: false,
    os: readSystem(textProperty(disk, 'osType')),
    // A machine made from a disk that was in use before has no profile.
    adminUserName: textProperty(property(properties, 'osProfile'), 'adminUsername'),
    power: power ?? 'UNKNOWN',
    tags: readTags(raw),
    interfaces: interfaces.flatMap((nic) => {
      const id = textProperty(nic, 'id')?.toLowerCase()
      // A machine with one interface need not say that it is the primary one.
      const primary = property(property(nic, 'properties'), 'primary') ?? interfaces.length === 1
      return id === undefined ? [] : [{ id, primary: primary === true }]
    }),
  }
}

export function readClassicMachine(raw: unknown): FoundVirtualMachine {
  const properties = property(raw, 'properties')
  const disk = property(property(properties, 'storageProfile'), 'operatingSystemDisk')
  const state = textProperty(property(properties, 'instanceView'), 'powerState')
  return {
    ...common(raw),
    classic: true,
    os: readSystem(textProperty(disk, 'operatingSystem')),
    adminUserName: null,
    power: state === 'Started' ? 'RUNNING' : state === 'Stopped' ? 'STOPPED' : 'UNKNOWN',
    tags: readTags(raw),
    interfaces: [],
  }
}

/** The power state among the statuses of a machine; null when it is not there. */
export function readPower(raw: unknown): PowerState | null {
  const statuses = listProperty(property(property(raw, 'properties'), 'instanceView'), 'statuses')
  const code = statuses
    .map((status) => textProperty(status, 'code')?.toLowerCase() ?? '')
    .find((text) => text.startsWith('powerstate/'))
  return code === undefined ? null : (powers[code.slice('powerstate/'.length)] ?? 'UNKNOWN')
}

const powers: Readonly<Record<string, PowerState>> = {
  running: 'RUNNING',
  stopped: 'STOPPED',
  deallocated: 'DEALLOCATED',
  starting: 'STARTING',
  stopping: 'STOPPING',
  deallocating: 'STOPPING',
}

export function readInterface(raw: unknown): FoundInterface {
  const properties = property(raw, 'properties')
  const configurations = listProperty(properties, 'ipConfigurations').map((one) => property(one, 'properties'))
  // The primary one first: it is what the interface is known by.
  const isPrimary = (one: unknown) => property(one, 'primary') === true
  return {
    id: (textProperty(raw, 'id') ?? '').toLowerCase(),
    boundaryId: reference(properties, 'networkSecurityGroup'),
    configurations: configurations
      .toSorted((left, right) => Number(isPrimary(right)) - Number(isPrimary(left)))
      .map((one) => ({
        address: textProperty(one, 'privateIPAddress'),
        subnetId: reference(one, 'subnet'),
        publicAddressId: reference(one, 'publicIPAddress'),
      })),
  }
}

export function readPublicAddress(raw: unknown): { readonly id: string; readonly address: string | null } {
  return {
    id: (textProperty(raw, 'id') ?? '').toLowerCase(),
    address: textProperty(property(raw, 'properties'), 'ipAddress'),
  }
}

/** The subnets of a virtual network. */
export function readSubnets(raw: unknown): FoundSubnet[] {
  return listProperty(property(raw, 'properties'), 'subnets').map((subnet) => {
    const properties = property(subnet, 'properties')
    const one = textProperty(properties, 'addressPrefix')
    const many = listProperty(properties, 'addressPrefixes').map(String)
    return {
      id: (textProperty(subnet, 'id') ?? '').toLowerCase(),
      boundaryId: reference(properties, 'networkSecurityGroup'),
      prefixes: [...new Set([...(one === null ? [] : [one]), ...many])],
    }
  })
}

export function readBoundary(raw: unknown): FoundBoundary {
  const { name, resourceGroup, location } = common(raw)
  return { ...readGroup(raw), name, resourceGroup, location }
}

/** A firewall, with where it stands: its configurations name one subnet, and a public address each. */
export function readFirewallFound(raw: unknown): FoundBoundary {
  const { name, resourceGroup, location } = common(raw)
  const configurations = listProperty(property(raw, 'properties'), 'ipConfigurations')
  const parts = configurations.map((one) => property(one, 'properties'))
  return {
    ...readFirewall(raw),
    name,
    resourceGroup,
    location,
    gate: {
      subnetId: parts.flatMap((one) => reference(one, 'subnet') ?? [])[0] ?? null,
      publicAddressIds: parts.flatMap((one) => reference(one, 'publicIPAddress') ?? []),
      managedByPolicy: isManaged(raw),
    },
  }
}

function readSystem(text: string | null): OperatingSystem | null {
  const name = text?.toLowerCase()
  return name === 'linux' ? 'LINUX' : name === 'windows' ? 'WINDOWS' : null
}

function readTags(raw: unknown): Record<string, string> {
  const tags = property(raw, 'tags')
  if (typeof tags !== 'object' || tags === null) return {}
  return Object.fromEntries(Object.entries(tags).map(([name, value]) => [name, String(value)]))
}
