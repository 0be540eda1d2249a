import { readFile } from 'node:fs/promises'
import type { CloudName } from './access/words.ts'
import type { AzureCredential } from './cloud/azure/connect.ts'
import { byAccount } from './cloud/by-account.ts'
import type { Cloud } from './cloud/port.ts'
import type { Config } from './config.ts'
import type { ConnectedCloud } from './gateway.ts'
import type { Log } from './log/log.ts'

/** A connected cloud that may have a server of its own to stop. */
export interface OpenCloud extends ConnectedCloud {
  stop(): Promise<void>
}

/**
 * The clouds that a credential is configured for; without any, simulated ones on loopback. What is not used is not
 * loaded.
 */
export async function openCloud(config: Config, log: Log): Promise<OpenCloud> {
  const azure = azureCredentialIn(config)
  if (azure === null && config.AWS_CREDENTIAL === null) {
    const { openSimulatedClouds } = await import('./open-simulated-clouds.ts')
    return openSimulatedClouds(config, log)
  }
  const clouds: Partial<Record<CloudName, Cloud>> = {}
  const names: string[] = []
  if (azure !== null) {
    clouds.AZURE = await openAzure(config, azure)
    names.push(`Azure at ${config.ARM_ENDPOINT}, as ${azure.kind.replace('-', ' ')}`)
  }
  if (config.AWS_CREDENTIAL !== null) {
    clouds.AWS = await openAws(config)
    names.push(
      `AWS, ${config.AWS_ROLE_NAME === null ? 'in the account of the environment' : `as ${config.AWS_ROLE_NAME}`}`,
    )
  }
  return {
    cloud: byAccount(clouds),
    accounts: [...config.AZURE_SUBSCRIPTIONS, ...config.AWS_ACCOUNTS].map((id) => ({ id, name: null })),
    name: names.join('; '),
    stop: () => Promise.resolve(),
  }
}

async function openAzure(config: Config, credential: AzureCredential): Promise<Cloud> {
  const { connectAzure } = await import('./cloud/azure/connect.ts')
  const { ARM_ENDPOINT: endpoint, ARM_AUDIENCE: audience, ARM_CA_FILE: file } = config
  const certificateAuthority = file === null ? null : await readFile(file, 'utf8')
  return connectAzure({ endpoint, credential, audience, certificateAuthority })
}

async function openAws(config: Config): Promise<Cloud> {
  const { connectAws } = await import('./cloud/aws/connect.ts')
  const { AWS_ROLE_NAME: name, AWS_ROLE_EXTERNAL_ID: externalId } = config
  return connectAws({
    endpoint: config.AWS_ENDPOINT,
    credential: { kind: 'environment' },
    role: name === null ? null : { name, externalId },
    regions: config.AWS_REGIONS,
  })
}

/** The credential for Azure that is configured; null when there is none. What each needs was checked with the configuration. */
function azureCredentialIn(config: Config): AzureCredential | null {
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
