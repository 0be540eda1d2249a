import { drawNetworks } from '../../src/cloud/simulator/estate/draw.ts'
import type { DrawnMachine, FirewallSketch, MachineSketch } from '../../src/cloud/simulator/estate/sketch.ts'
import type { Estate } from '../../src/cloud/simulator/resource.ts'

export const subscriptionId = '5b1f0c3a-7a52-4c1e-9d55-2f6d1a7be001'

/** One subscription with one network of these machines, perhaps behind a firewall, and the machines by name. */
export function smallEstate(
  machines: readonly MachineSketch[],
  firewall?: FirewallSketch,
): {
  readonly estate: Estate
  readonly machine: (name: string) => DrawnMachine
} {
  const place = { subscriptionId, resourceGroup: 'rg-shop', location: 'westeurope' }
  const drawn = drawNetworks([{ place, name: 'vnet-shop', machines, ...(firewall === undefined ? {} : { firewall }) }])
  return {
    estate: { subscriptions: [{ subscriptionId, displayName: 'Shop' }], resources: drawn.resources },
    machine(name) {
      const found = drawn.machines.find((machine) => machine.name === name)
      if (found === undefined) throw new Error(`no machine ${name} was drawn`)
      return found
    },
  }
}

/** Rules that others wrote: SSH for everybody, which a deny of ours can stand ahead of. */
export const sshForAll = [{ name: 'allow-ssh', priority: 300, ports: '22' }] as const
