import { onTestFinished } from 'vitest'
import type { DrawnMachine, FirewallSketch, MachineSketch } from '../../../../src/cloud/simulator/estate/sketch.ts'
import { startSimulator, type Simulator, type SimulatorOptions } from '../../../../src/cloud/simulator/start.ts'
import { smallEstate, subscriptionId } from '../../../support/cloud-estate.ts'
import { connectTo, type Arm } from './call.ts'

export interface Simulated {
  readonly simulator: Simulator
  readonly arm: Arm
  readonly machine: (name: string) => DrawnMachine
}

/** A simulated cloud of the test's own, with these machines, and a client of it; both end with the test. */
export async function simulated(
  machines: readonly MachineSketch[] = [{ name: 'web' }],
  options: SimulatorOptions = {},
  firewall?: FirewallSketch,
): Promise<Simulated> {
  const { estate, machine } = smallEstate(machines, firewall)
  const simulator = await startSimulator({ estate, operationMs: 0, ...options })
  const arm = connectTo(simulator)
  onTestFinished(async () => {
    arm.close()
    await simulator.stop()
  })
  return { simulator, arm, machine }
}

/** The resource group that the machines are in. */
export const resourceGroup = `/subscriptions/${subscriptionId}/resourceGroups/rg-shop`

/** The id of a security group of that name. */
export function groupId(name: string): string {
  return `${resourceGroup}/providers/Microsoft.Network/networkSecurityGroups/${name}`
}

/** The firewall called `fw`. */
export const fwId = `${resourceGroup}/providers/Microsoft.Network/azureFirewalls/fw`

/** The group of the machine called `web`, on its subnet. */
export const webGroup = groupId('nsg-snet-web')
