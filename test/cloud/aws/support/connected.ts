import { onTestFinished } from 'vitest'
import type { AwsOptions } from '../../../../src/cloud/aws/connect.ts'
import { CloudError } from '../../../../src/cloud/error.ts'
import type { Cloud } from '../../../../src/cloud/port.ts'
import type { InstanceSketch, VpcSketch } from '../../../../src/cloud/simulator/ec2/estate/sketch.ts'
import { startEc2Simulator, type Ec2Simulator } from '../../../../src/cloud/simulator/ec2/start.ts'
import type { LiveGrant } from '../../../../src/firewall/input.ts'
import type { RuleChanges } from '../../../../src/firewall/rule.ts'
import { noGroupChanges, type GroupChanges } from '../../../../src/firewall/security-group/changes.ts'
import { unitRule, unitsOf } from '../../../../src/firewall/security-group/unit.ts'
import { connectEc2, smallEc2, type SmallEc2 } from '../../../support/ec2-estate.ts'

export interface ConnectedEc2 extends SmallEc2 {
  readonly simulator: Ec2Simulator
  readonly cloud: Cloud
  /** Whether a packet to SSH of the instance passes. */
  readonly passes: (name: string, source?: string, port?: number) => boolean
}

/** A simulated EC2 of the test's own, reached as AWS is; it ends with the test. */
export async function connectedEc2(
  instances: readonly InstanceSketch[] = [{ name: 'web', groups: ['plain'] }],
  more: Partial<VpcSketch> = {},
  options: Partial<AwsOptions> = {},
): Promise<ConnectedEc2> {
  const small = smallEc2(instances, more)
  const simulator = await startEc2Simulator({ estate: small.estate })
  onTestFinished(() => simulator.stop())
  return {
    ...small,
    simulator,
    cloud: connectEc2(simulator, options),
    passes: (name, source = '203.0.113.7', port = 22) =>
      simulator.packetPasses({ instanceId: small.instance(name).instanceId, source, port, protocol: 'TCP' }).passes,
  }
}

/** The changes that open SSH to these sources. */
export function opening(sources: readonly string[] = ['203.0.113.7/32'], more: Partial<LiveGrant> = {}): RuleChanges {
  const grant: LiveGrant = {
    grantId: '01980000-0000-7000-8000-000000000001',
    vmId: 'vm',
    addresses: ['10.20.0.11', '2001:db8:b::4'],
    port: 22,
    protocol: 'TCP',
    sources,
    endsAt: '2026-01-01T12:00:00.000Z',
    ...more,
  }
  return { remove: [], put: unitsOf([grant]).map(unitRule), groups: { ...noGroupChanges, ours: 'WEAR' } }
}

/** Changes of groups alone. */
export function besides(groups: Partial<GroupChanges>): RuleChanges {
  return { remove: [], put: [], groups: { ...noGroupChanges, ...groups } }
}

/** How the call is refused; fails when it is not. */
export async function refusal(call: Promise<unknown>): Promise<CloudError> {
  const answer: unknown = await call.catch((error: unknown) => error)
  if (!(answer instanceof CloudError)) throw new Error(`not refused by a cloud: ${JSON.stringify(answer)}`)
  return answer
}
