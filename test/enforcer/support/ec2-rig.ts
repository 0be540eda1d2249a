import type { InstanceSketch, VpcSketch } from '../../../src/cloud/simulator/ec2/estate/sketch.ts'
import { startEc2Simulator, type Ec2Simulator } from '../../../src/cloud/simulator/ec2/start.ts'
import { accountId, connectEc2, smallEc2, type SmallEc2 } from '../../support/ec2-estate.ts'
import { useCloudRig, withMore, type CloudRig } from './cloud-rig.ts'

export { ada, home, within } from './cloud-rig.ts'

/** A rig over a simulated EC2. */
export interface Ec2Rig extends CloudRig<Ec2Simulator> {
  readonly small: SmallEc2
}

/** Draws the instances, starts the simulated EC2, and has the inventory read once. */
export function useEc2Rig(instances: readonly InstanceSketch[], more: Partial<VpcSketch> = {}): Ec2Rig {
  const small = smallEc2(instances, more)
  const rig = useCloudRig<Ec2Simulator>({
    start: () => startEc2Simulator({ estate: small.estate }),
    connect: connectEc2,
    account: { awsAccountId: accountId },
    vmId: small.vmId,
    passes: (simulator, name, source) =>
      simulator.packetPasses({ instanceId: small.instance(name).instanceId, source, port: 22, protocol: 'TCP' }).passes,
  })
  return withMore(rig, { small })
}
