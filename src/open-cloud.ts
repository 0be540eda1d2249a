import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { AzureCredential } from './cloud/azure/connect.ts'
import { byAccount } from './cloud/by-account.ts'
import type { Config } from './config.ts'
import type { ConnectedCloud } from './gateway.ts'
import type { Log } from './log/log.ts'

/** A connected cloud that may have a server of its own to stop. */
export interface OpenCloud extends ConnectedCloud {
  stop(): Promise<void>
}

/** How much longer than the write of a group that of a firewall takes: less than in Azure, enough to see it happen. */
const SLOWER = 10

/** Azure where a credential is configured; otherwise a simulated cloud on loopback, kept in the data folder. */
export async function openCloud(config: Config, log: Log): Promise<OpenCloud> {
  const credential = credentialIn(config)
  return credential === null ? openSimulator(config, log) : openAzure(config, credential)
}

async function openAzure(config: Config, credential: AzureCredential): Promise<OpenCloud> {
  const { connectAzure } = await import('./cloud/azure/connect.ts')
  const { ARM_ENDPOINT: endpoint, ARM_AUDIENCE: audience, ARM_CA_FILE: file } = config
  const certificateAuthority = file === null ? null : await readFile(file, 'utf8')
  return {
    cloud: byAccount({ AZURE: connectAzure({ endpoint, credential, audience, certificateAuthority }) }),
    accounts: config.AZURE_SUBSCRIPTIONS.map((id) => ({ id, name: null })),
    name: `Azure at ${endpoint}, as ${credential.kind.replace('-', ' ')}`,
    stop: () => Promise.resolve(),
  }
}

async function openSimulator(config: Config, log: Log): Promise<OpenCloud> {
  const { startSimulator } = await import('./cloud/simulator/start.ts')
  const { connectAzure } = await import('./cloud/azure/connect.ts')
  await mkdir(config.DATA_DIR, { recursive: true })
  const file = join(config.DATA_DIR, 'simulated-cloud.json')
  const { SIMULATOR_OPERATION_MS: operationMs } = config
  const simulator = await startSimulator({ file, log, operationMs, firewallOperationMs: operationMs * SLOWER })
  const azure = connectAzure({
    endpoint: simulator.endpoint,
    credential: { kind: 'token', token: simulator.token },
    audience: null,
    certificateAuthority: simulator.certificateAuthority,
  })
  return {
    cloud: byAccount({ AZURE: azure }),
    accounts: simulator.subscriptions,
    name: `a simulated one at ${simulator.endpoint}, kept in ${file}`,
    stop: () => simulator.stop(),
  }
}

/** The credential that is configured; null when there is none. What each needs was checked with the configuration. */
function credentialIn(config: Config): AzureCredential | null {
  const { AZURE_TENANT_ID: tenantId, AZURE_CLIENT_ID: clientId, AZURE_AUTHORITY_HOST: authorityHost } = config
  const { AZURE_CLIENT_SECRET: clientSecret, AZURE_FEDERATED_TOKEN_FILE: tokenFile } = config
  if (config.AZURE_CREDENTIAL === 'managed-identity') return { kind: 'managed-identity', clientId }
  if (tenantId === null || clientId === null) return null
  if (config.AZURE_CREDENTIAL === 'workload-identity' && tokenFile !== null)
    return { kind: 'workload-identity', tenantId, clientId, tokenFile, authorityHost }
  if (config.AZURE_CREDENTIAL === 'client-secret' && clientSecret !== null)
    return { kind: 'client-secret', tenantId, clientId, clientSecret, authorityHost }
  return null
}
