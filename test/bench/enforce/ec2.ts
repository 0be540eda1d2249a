import { startEc2Simulator } from '../../../src/cloud/simulator/ec2/start.ts'
import { accountId, connectEc2, smallEc2 } from '../../support/ec2-estate.ts'
import type { Pace, Stage } from './stage.ts'

/** Instances with an interface each, which wear a group that lets in nothing of theirs. */
export async function ec2Stage(machines: number, { latencyMs }: Pace): Promise<Stage> {
  const names = Array.from({ length: machines }, (_, index) => `vm-${String(index)}`)
  const small = smallEc2(names.map((name) => ({ name, groups: ['plain'] })))
  const simulator = await startEc2Simulator({ estate: small.estate })
  const instances = new Map(names.map((name) => [small.vmId(name), small.instance(name).instanceId]))
  return {
    cloud: connectEc2(simulator),
    account: { awsAccountId: accountId },
    vmIds: [...instances.keys()],
    pace() {
      Object.assign(simulator.settings, { latencyMs, enforceQuotas: true })
    },
    passes: (vmId, source) =>
      simulator.packetPasses({ instanceId: instances.get(vmId) ?? '', source, port: 22, protocol: 'TCP' }).passes,
    arrives: () => false,
    writes: () => simulator.writes.length,
    closings: () => null,
    stop: () => simulator.stop(),
  }
}
