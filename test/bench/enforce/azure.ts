import { startSimulator } from '../../../src/cloud/simulator/start.ts'
import { connectSimulator } from '../../support/cloud.ts'
import { smallEstate, sshForAll, subscriptionId } from '../../support/cloud-estate.ts'
import type { Pace, Stage } from './stage.ts'

/** Machines behind network security groups, a firewall before them where asked for. */
export async function azureStage(
  shape: { readonly machines: number; readonly groups: number; readonly firewall: boolean; readonly seed: number },
  { latencyMs, operationMs, firewallOperationMs }: Pace,
): Promise<Stage> {
  const { estate, machine } = smallEstate(
    Array.from({ length: shape.machines }, (_, index) => ({
      name: `vm-${String(index)}`,
      subnet: `subnet-${String(index % shape.groups)}`,
      rules: sshForAll,
    })),
    shape.firewall ? { name: 'fw', publicAddresses: ['198.51.100.1'] } : undefined,
  )
  const machines = Array.from({ length: shape.machines }, (_, index) => machine(`vm-${String(index)}`))
  const simulator = await startSimulator({ estate, seed: shape.seed, operationMs: 0 })
  const spread = (ms: number) => ({ from: ms * 0.7, to: ms * 1.3 })
  return {
    cloud: connectSimulator(simulator),
    account: { subscriptionId },
    vmIds: machines.map(({ vmId }) => vmId),
    pace() {
      Object.assign(simulator.settings, {
        latencyMs,
        operationMs: spread(operationMs),
        firewallOperationMs: spread(firewallOperationMs),
        enforceQuotas: true,
      })
    },
    passes: (vmId, source) => simulator.packetPasses({ vmId, source, port: 22, protocol: 'TCP' }).passes,
    arrives: (way, source) => simulator.packetArrives({ ...way, source, protocol: 'TCP' }).passes,
    writes: () => simulator.writes.length,
    closings(from) {
      if (shape.firewall) return null
      const removals = simulator.writes.slice(from).filter(({ ruleNamesRemoved }) => ruleNamesRemoved.length > 0)
      return machines.map(({ subnetNsgId }) => removals.find((one) => one.resourceId === subnetNsgId)?.at ?? Infinity)
    },
    stop: () => simulator.stop(),
  }
}
