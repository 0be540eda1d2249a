import type { MachineSketch, NetworkSketch } from './sketch.ts'

/** A subnet with the machines in it. */
export interface SubnetLayout {
  readonly name: string
  /** Its CIDRs: the v4 one, then a v6 one when one of its machines wants a v6 address. */
  readonly prefixes: readonly string[]
  /** `hostIndex` counts the interfaces of the machines before it: the place of its first one. */
  readonly hosts: readonly { readonly machine: MachineSketch; readonly hostIndex: number }[]
}

/** A network with the address space and the subnets it was given. */
export interface NetworkLayout {
  readonly sketch: NetworkSketch
  readonly prefixes: readonly string[]
  readonly subnets: readonly SubnetLayout[]
  /** The CIDR of the firewall's subnet; null where there is no firewall. */
  readonly firewallPrefix: string | null
}

/** Azure keeps the first four addresses of every subnet, and the last. */
const FIRST_HOST = 4
const RESERVED = FIRST_HOST + 1
const SMALLEST_SUBNET = 16
/** What a firewall needs. */
const FIREWALL_SUBNET = 64
const SMALLEST_NETWORK = 4_096
/** 10.0.0.0/8 and how many addresses it has. */
const [FIRST_ADDRESS, ADDRESSES] = [10 * 2 ** 24, 2 ** 24]

/** Gives each network an address space of its own, and each machine a place in a subnet. Throws when 10.0.0.0/8 is full. */
export function layOut(sketches: readonly NetworkSketch[]): NetworkLayout[] {
  let free = 0
  return sketches.map((sketch, networkIndex) => {
    const plan = [...placeMachines(sketch.machines)].map(([name, { hosts, interfaces }]) => ({
      name,
      hosts,
      ipv6: hosts.some(({ machine }) => machine.ipv6),
      size: powerAbove(interfaces + RESERVED, SMALLEST_SUBNET),
    }))
    const firewallSize = sketch.firewall === undefined ? 0 : FIREWALL_SUBNET
    // The largest first, so that each begins at a multiple of its size without a gap before it.
    const bySize = plan.toSorted((a, b) => b.size - a.size)
    const size = powerAbove(
      plan.reduce((sum, subnet) => sum + subnet.size, firewallSize),
      SMALLEST_NETWORK,
    )
    const first = Math.ceil(free / size) * size
    free = first + size
    if (free > ADDRESSES) throw new Error(`${String(sketches.length)} networks do not fit into 10.0.0.0/8`)
    let next = first
    const subnets = bySize.map(({ name, hosts, ipv6, size: subnetSize }, index) => {
      const v4 = cidr(next, subnetSize)
      next += subnetSize
      return { name, hosts, prefixes: ipv6 ? [v4, `fd00:db8:${hex(networkIndex)}:${hex(index)}::/64`] : [v4] }
    })
    const ipv6 = plan.some((subnet) => subnet.ipv6) ? [`fd00:db8:${hex(networkIndex)}::/48`] : []
    // The last of the network: it begins at a multiple of its size, whatever is before it.
    const firewallPrefix = firewallSize === 0 ? null : cidr(first + size - firewallSize, firewallSize)
    return { sketch, prefixes: [cidr(first, size), ...ipv6], subnets, firewallPrefix }
  })
}

/** The address of an interface in a subnet's prefix of either family. */
export function addressText(prefix: string, hostIndex: number): string {
  const [first = ''] = prefix.split('/')
  const host = FIRST_HOST + hostIndex
  return first.includes(':') ? `${first}${hex(host)}` : v4Text(v4Number(first) + host)
}

function placeMachines(machines: readonly MachineSketch[]) {
  const subnets = new Map<string, { hosts: { machine: MachineSketch; hostIndex: number }[]; interfaces: number }>()
  for (const machine of machines) {
    const name = machine.subnet ?? `snet-${machine.name}`
    const subnet = subnets.get(name) ?? { hosts: [], interfaces: 0 }
    subnet.hosts.push({ machine, hostIndex: subnet.interfaces })
    subnet.interfaces += machine.nics ?? 1
    subnets.set(name, subnet)
  }
  return subnets
}

function powerAbove(count: number, least: number): number {
  return Math.max(least, 2 ** Math.ceil(Math.log2(Math.max(1, count))))
}

function cidr(offset: number, size: number): string {
  return `${v4Text(FIRST_ADDRESS + offset)}/${String(32 - Math.log2(size))}`
}

function v4Text(address: number): string {
  return [24, 16, 8, 0].map((shift) => String((address >>> shift) & 255)).join('.')
}

function v4Number(text: string): number {
  return text.split('.').reduce((value, part) => value * 256 + Number(part), 0)
}

function hex(value: number): string {
  return value.toString(16)
}
