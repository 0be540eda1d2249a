import { onTestFinished } from 'vitest'
import { connectAzure, type AzureOptions } from '../../../../src/cloud/azure/connect.ts'
import { CloudError } from '../../../../src/cloud/error.ts'
import type { Cloud } from '../../../../src/cloud/port.ts'
import type { DrawnMachine, FirewallSketch, MachineSketch } from '../../../../src/cloud/simulator/estate/sketch.ts'
import { startSimulator, type Simulator, type SimulatorOptions } from '../../../../src/cloud/simulator/start.ts'
import type { Rule } from '../../../../src/firewall/rule.ts'
import { smallEstate } from '../../../support/cloud-estate.ts'

export interface Connected {
  readonly simulator: Simulator
  readonly cloud: Cloud
  readonly machine: (name: string) => DrawnMachine
  /** The group on the subnet of the machine called `web`. */
  readonly groupId: string
}

/** The options by which the simulated cloud is reached, as Azure would be. */
export function optionsFor(simulator: Simulator, more: Partial<AzureOptions> = {}): AzureOptions {
  const { endpoint, certificateAuthority, token } = simulator
  return { endpoint, certificateAuthority, audience: null, credential: { kind: 'token', token }, ...more }
}

/** The adapter before a simulated cloud of the test's own, which ends with the test. */
export async function connected(
  machines: readonly MachineSketch[] = [{ name: 'web' }],
  more: {
    readonly azure?: Partial<AzureOptions>
    readonly simulator?: SimulatorOptions
    readonly firewall?: FirewallSketch
  } = {},
): Promise<Connected> {
  const { estate, machine } = smallEstate(machines, more.firewall)
  const simulator = await startSimulator({ estate, operationMs: 0, ...more.simulator })
  onTestFinished(() => simulator.stop())
  return {
    simulator,
    cloud: connectAzure(optionsFor(simulator, more.azure)),
    machine,
    groupId: machines.some(({ name }) => name === 'web') ? (machine('web').subnetNsgId ?? '') : '',
  }
}

/** A rule of ours: SSH to everything from one address, unless said otherwise. */
export function ourRule(given: Partial<Rule> = {}): Rule {
  return {
    name: 'JitGateway-1',
    description: 'until noon',
    priority: 100,
    access: 'ALLOW',
    protocol: 'TCP',
    sources: ['203.0.113.7/32'],
    sourcePorts: [{ first: 0, last: 65_535 }],
    destinations: ['*'],
    ports: [{ first: 22, last: 22 }],
    ...given,
  }
}

/** Changes that only put rules. */
export const putting = (...put: readonly Rule[]) => ({ remove: [], put })

/** What a call is refused with. */
export async function refusalOf(call: Promise<unknown>): Promise<CloudError> {
  const outcome = await call.then(
    () => null,
    (error: unknown) => error,
  )
  if (outcome instanceof CloudError) return outcome
  throw new Error('the call was not refused with a CloudError', { cause: outcome })
}

/** All pages of an inventory. */
export async function allPages<Page>(pages: AsyncIterable<Page>): Promise<Page[]> {
  const all: Page[] = []
  for await (const page of pages) all.push(page)
  return all
}
