import { connectAws, type AwsOptions } from '../../src/cloud/aws/connect.ts'
import type { Cloud } from '../../src/cloud/port.ts'
import { drawVpcs } from '../../src/cloud/simulator/ec2/estate/draw.ts'
import type { DrawnInstance, InstanceSketch, VpcSketch } from '../../src/cloud/simulator/ec2/estate/sketch.ts'
import type { Ec2Estate } from '../../src/cloud/simulator/ec2/resource.ts'
import type { Ec2Simulator } from '../../src/cloud/simulator/ec2/start.ts'

export const accountId = '123456789012'
export const region = 'eu-west-1'

export interface SmallEc2 {
  readonly estate: Ec2Estate
  readonly instance: (name: string) => DrawnInstance
  /** The boundary of an instance's interface, the first unless told. */
  readonly boundaryId: (name: string, nth?: number) => string
  readonly vmId: (name: string) => string
  readonly groupId: (name: string) => string
}

/** One account with one VPC of these instances; SSH is open to the world in the group `ssh`. */
export function smallEc2(instances: readonly InstanceSketch[], more: Partial<VpcSketch> = {}): SmallEc2 {
  const { groups = {}, ...rest } = more
  const drawn = drawVpcs(
    [{ accountId, name: 'Shop on AWS', regions: [region] }],
    [
      {
        accountId,
        region,
        name: 'vpc-shop',
        network: '10.20',
        groups: { ssh: [{ port: 22, description: 'SSH for all' }], ...groups },
        instances,
        ...rest,
      },
    ],
  )
  const instance = (name: string) => {
    const found = drawn.instances.find((each) => each.name === name)
    if (found === undefined) throw new Error(`no instance ${name} was drawn`)
    return found
  }
  const place = (name: string) => `/aws/${accountId}/${region}/${instance(name).vpcId}`
  return {
    estate: drawn.estate,
    instance,
    boundaryId: (name, nth = 0) => `${place(name)}/network-interfaces/${instance(name).interfaceIds[nth] ?? ''}`,
    vmId: (name) => `${place(name)}/instances/${instance(name).instanceId}`,
    groupId(name) {
      const found = drawn.groupIds.get(name)
      if (found === undefined) throw new Error(`no group ${name} was drawn`)
      return found
    },
  }
}

/** The adapter that production uses, pointed at a simulated EC2: endpoint and credential are all that differs. */
export function connectEc2(simulator: Ec2Simulator, more: Partial<AwsOptions> = {}): Cloud {
  return connectAws({
    endpoint: simulator.endpoint,
    credential: { kind: 'keys', ...simulator.key },
    role: { name: 'JitGateway', externalId: null },
    regions: [],
    ...more,
  })
}
