import type { DrawnMachine, FirewallSketch, MachineSketch } from '../../../src/cloud/simulator/estate/sketch.ts'
import { startSimulator, type Simulator } from '../../../src/cloud/simulator/start.ts'
import { connectSimulator } from '../../support/cloud.ts'
import { smallEstate, subscriptionId } from '../../support/cloud-estate.ts'
import { home, useCloudRig, withMore, type CloudRig } from './cloud-rig.ts'

export { ada, home, within } from './cloud-rig.ts'

/** A rig over a simulated Azure. */
export interface Rig extends CloudRig<Simulator> {
  machine(name: string): DrawnMachine
  /** Where the firewall lets the grant in, as was last seen; null where it was never. */
  endpoint(grantId: string): Promise<{ readonly address: string; readonly port: number } | null>
  /** Whether the cloud sends a packet to that endpoint on to port 22 of the machine, and lets it pass there. */
  arrives(grantId: string, name: string, source?: string): Promise<boolean>
  /** How often the machine's groups were written. */
  writesOf(nsgId: string | null | undefined): number
}

/** Draws the machines, perhaps behind a firewall, starts the simulated cloud, and has the inventory read once. */
export function useRig(machines: readonly MachineSketch[], operationMs = 5, firewall?: FirewallSketch): Rig {
  const { estate, machine } = smallEstate(machines, firewall)
  const rig = useCloudRig<Simulator>({
    start: () => startSimulator({ estate, operationMs }),
    connect: (simulator) => connectSimulator(simulator),
    account: { subscriptionId },
    vmId: (name) => machine(name).vmId,
    passes: (simulator, name, source) =>
      simulator.packetPasses({ vmId: machine(name).vmId, source, port: 22, protocol: 'TCP' }).passes,
  })
  const endpoint: Rig['endpoint'] = async (grantId) => {
    const { rows } = await rig.database.store.pool.query<{ address: string; port: number }>(
      `select public_address as address, public_port as port from enforcements
        where grant_id = $1 and public_address is not null`,
      [grantId],
    )
    return rows[0] ?? null
  }
  return withMore(rig, {
    machine,
    endpoint,
    async arrives(grantId: string, name: string, source = home) {
      const way = await endpoint(grantId)
      if (way === null) return false
      const { passes, reached } = rig.simulator.packetArrives({ ...way, source, protocol: 'TCP' })
      return passes && reached?.vmId === machine(name).vmId && reached.port === 22
    },
    writesOf: (nsgId: string | null | undefined) =>
      rig.simulator.writes.filter((write) => write.resourceId === nsgId && write.status !== null).length,
  })
}
