import type {
  Cloud,
  FoundBoundary,
  FoundInterface,
  FoundVirtualMachine,
  InventoryPage,
} from '../../../src/cloud/port.ts'
import type { Rule } from '../../../src/firewall/rule.ts'

export const account = '11111111-1111-4111-8111-111111111111'
const group = `/subscriptions/${account}/resourcegroups/rg`
export const vmId = (name: string) => `${group}/providers/microsoft.compute/virtualmachines/${name}`
export const nicId = (name: string) => `${group}/providers/microsoft.network/networkinterfaces/${name}`
export const nsgId = (name: string) => `${group}/providers/microsoft.network/networksecuritygroups/${name}`
export const subnetId = (name: string) => `${group}/providers/microsoft.network/virtualnetworks/net/subnets/${name}`
const publicId = (name: string) => `${group}/providers/microsoft.network/publicipaddresses/${name}`

/** A machine with one interface `name-nic` at `address`, in the subnet `name`, whose group is `subnetNsg`. */
export interface HandMachine {
  readonly name: string
  readonly address?: string | null
  readonly subnetNsg?: string | null
  readonly ownNsg?: string | null
  readonly publicAddress?: string
  readonly more?: Partial<FoundVirtualMachine>
}

export const firewallId = (name: string) => `${group}/providers/microsoft.network/azurefirewalls/${name}`

/** A firewall in the network of all machines, at a public address; null where it has none. */
export interface HandFirewall {
  readonly name: string
  readonly etag?: string
  readonly rules?: readonly Rule[]
  readonly address?: string | null
  /** Of its subnet. */
  readonly prefix?: string
  readonly network?: string
  readonly managedByPolicy?: boolean
}

/** The pages of a firewall, to be had besides those of an account. */
export function firewallPages({
  name,
  etag = '1',
  rules = [],
  address = '198.51.100.1',
  prefix = '10.9.0.0/26',
  network = 'net',
  managedByPolicy = false,
}: HandFirewall): InventoryPage[] {
  const gateSubnet = `${group}/providers/microsoft.network/virtualnetworks/${network}/subnets/azurefirewallsubnet`
  const shown = {
    kind: 'AZURE_FIREWALL',
    etag,
    rules,
    ruleCount: rules.length,
    firewall: { priorities: [] },
    raw: {},
  } as const
  const gate = { subnetId: gateSubnet, publicAddressIds: [publicId(name)], managedByPolicy }
  const about = { boundaryId: firewallId(name), name, resourceGroup: 'RG', location: 'westeurope' }
  return [
    { kind: 'boundaries', items: [{ ...shown, ...about, gate }] },
    { kind: 'subnets', items: [{ id: gateSubnet, boundaryId: null, prefixes: [prefix, 'fd00::/64'] }] },
    { kind: 'publicAddresses', items: [{ id: publicId(name), address }] },
  ]
}

/** The pages of an account with these machines and boundaries. */
export function pagesOf(
  machines: readonly HandMachine[],
  boundaries: readonly { readonly name: string; readonly etag?: string; readonly rules?: readonly Rule[] }[],
): InventoryPage[] {
  return [
    { kind: 'boundaries', items: boundaries.map(foundBoundary) },
    {
      kind: 'subnets',
      items: machines.map(({ name, subnetNsg = null }) => ({
        id: subnetId(name),
        boundaryId: subnetNsg === null ? null : nsgId(subnetNsg),
      })),
    },
    {
      kind: 'publicAddresses',
      items: machines.flatMap(({ name, publicAddress }) =>
        publicAddress === undefined ? [] : [{ id: publicId(name), address: publicAddress }],
      ),
    },
    { kind: 'interfaces', items: machines.map(foundInterface) },
    { kind: 'virtualMachines', items: machines.map(foundMachine) },
  ]
}

function foundBoundary({ name, etag = '1', rules = [] }: { name: string; etag?: string; rules?: readonly Rule[] }) {
  const shown = { kind: 'NETWORK_SECURITY_GROUP', etag, rules, ruleCount: rules.length } as const
  const about = { boundaryId: nsgId(name), raw: { huge: 'x'.repeat(100) } }
  return { ...shown, ...about, name, resourceGroup: 'RG', location: 'westeurope' } satisfies FoundBoundary
}

function foundInterface({ name, address = '10.0.0.4', ownNsg = null, publicAddress }: HandMachine): FoundInterface {
  const publicAddressId = publicAddress === undefined ? null : publicId(name)
  return {
    id: nicId(`${name}-nic`),
    boundaryId: ownNsg === null ? null : nsgId(ownNsg),
    configurations: [{ address, subnetId: subnetId(name), publicAddressId }],
  }
}

export function foundMachine({ name, more = {} }: HandMachine): FoundVirtualMachine {
  const about = { resourceGroup: 'RG', location: 'westeurope', classic: false, os: 'LINUX', power: 'RUNNING' } as const
  return {
    id: vmId(name),
    name,
    ...about,
    adminUserName: null,
    tags: {},
    interfaces: [{ id: nicId(`${name}-nic`), primary: true }],
    ...more,
  }
}

/** A cloud whose inventory is what `pages` gives, page by page; it may throw in the middle. */
export function handCloud(pages: () => AsyncGenerator<InventoryPage> | readonly InventoryPage[]): Cloud {
  const never = () => Promise.reject(new Error('inventory sync neither reads nor writes a boundary by itself'))
  return {
    observe: never,
    apply: never,
    async *inventory() {
      yield* pages()
    },
  }
}
