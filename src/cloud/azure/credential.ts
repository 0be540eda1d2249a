import type { TokenCredential } from '@azure/identity'
import { tokenless } from './unreachable.ts'
import { untilAborted } from '../until-aborted.ts'

/** How the gateway proves who it is. `authorityHost` is the sign-in host of a sovereign cloud; null is the public one. */
export type AzureCredential =
  | { readonly kind: 'managed-identity'; readonly clientId: string | null }
  | {
      readonly kind: 'workload-identity'
      readonly tenantId: string
      readonly clientId: string
      readonly tokenFile: string
      readonly authorityHost: string | null
    }
  | {
      readonly kind: 'client-secret'
      readonly tenantId: string
      readonly clientId: string
      readonly clientSecret: string
      readonly authorityHost: string | null
    }
  /** A bearer token that is good as it is and asked of nobody. */
  | { readonly kind: 'token'; readonly token: string }

const NEVER_MS = Date.UTC(9999, 0)

/**
 * The credential as the SDK takes it. Nothing is asked of anybody before the first call. A token that is not had within
 * `timeoutMs` is given up: all calls wait for one and the same, and would wait for ever. Fails with a `CloudError`.
 */
export function openCredential(credential: AzureCredential, timeoutMs: number): TokenCredential {
  let opened: Promise<TokenCredential> | undefined
  return {
    async getToken(scopes, options) {
      try {
        const source = await (opened ??= credentialOf(credential))
        return await untilAborted(source.getToken(scopes, options), AbortSignal.timeout(timeoutMs))
      } catch (error) {
        throw tokenless(error)
      }
    },
  }
}

/** The SDK's credentials are half of what it weighs, and a gateway with a token of its own needs none of them. */
async function credentialOf(credential: AzureCredential): Promise<TokenCredential> {
  if (credential.kind === 'token') {
    const token = { token: credential.token, expiresOnTimestamp: NEVER_MS }
    return { getToken: () => Promise.resolve(token) }
  }
  const { ClientSecretCredential, ManagedIdentityCredential, WorkloadIdentityCredential } =
    await import('@azure/identity')
  if (credential.kind === 'managed-identity')
    return new ManagedIdentityCredential(credential.clientId === null ? {} : { clientId: credential.clientId })
  const { tenantId, clientId, authorityHost } = credential
  const host = authorityHost === null ? {} : { authorityHost }
  return credential.kind === 'client-secret'
    ? new ClientSecretCredential(tenantId, clientId, credential.clientSecret, host)
    : new WorkloadIdentityCredential({ tenantId, clientId, tokenFilePath: credential.tokenFile, ...host })
}
