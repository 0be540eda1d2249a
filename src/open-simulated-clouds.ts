import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { byAccount } from './cloud/by-account.ts'
import type { Config } from './config.ts'
import type { Log } from './log/log.ts'
import type { OpenCloud } from './open-cloud.ts'

/** How much longer than the write of a group that of a firewall takes: less than in Azure, enough to see it happen. */
const SLOWER = 10

/** A simulated Azure and a simulated EC2 on loopback, kept in the data folder. */
export async function openSimulatedClouds(config: Config, log: Log): Promise<OpenCloud> {
  await mkdir(config.DATA_DIR, { recursive: true })
  await using started = new AsyncDisposableStack()
  const azure = await openAzure(config, log)
  started.defer(() => azure.stop())
  const aws = await openAws(config, log)
  started.defer(() => aws.stop())
  const running = started.move()
  return {
    cloud: byAccount({ AZURE: azure.cloud, AWS: aws.cloud }),
    accounts: [...azure.accounts, ...aws.accounts],
    name: `simulated ones, Azure at ${azure.endpoint} and EC2 at ${aws.endpoint}, kept in ${config.DATA_DIR}`,
    stop: () => running.disposeAsync(),
  }
}

async function openAzure(config: Config, log: Log) {
  const { startSimulator } = await import('./cloud/simulator/start.ts')
  const { connectAzure } = await import('./cloud/azure/connect.ts')
  const { SIMULATOR_OPERATION_MS: operationMs } = config
  const simulator = await startSimulator({
    file: join(config.DATA_DIR, 'simulated-cloud.json'),
    log,
    operationMs,
    firewallOperationMs: operationMs * SLOWER,
  })
  const cloud = connectAzure({
    endpoint: simulator.endpoint,
    credential: { kind: 'token', token: simulator.token },
    audience: null,
    certificateAuthority: simulator.certificateAuthority,
  })
  return { cloud, accounts: simulator.subscriptions, endpoint: simulator.endpoint, stop: () => simulator.stop() }
}

async function openAws(config: Config, log: Log) {
  const { startEc2Simulator } = await import('./cloud/simulator/ec2/start.ts')
  const { connectAws } = await import('./cloud/aws/connect.ts')
  const simulator = await startEc2Simulator({ file: join(config.DATA_DIR, 'simulated-ec2.json'), log })
  const cloud = connectAws({
    endpoint: simulator.endpoint,
    credential: { kind: 'keys', ...simulator.key },
    role: { name: 'JitGateway', externalId: null },
    regions: [],
  })
  return { cloud, accounts: simulator.accounts, endpoint: simulator.endpoint, stop: () => simulator.stop() }
}
