import type { EC2ClientConfig } from '@aws-sdk/client-ec2'

/** How the gateway proves to AWS who it is. */
export type AwsCredential =
  /** What the environment offers, in the SDK's order: variables, web identity, container, instance profile. */
  | { readonly kind: 'environment' }
  /** A key that is good as it is. */
  | { readonly kind: 'keys'; readonly accessKeyId: string; readonly secretAccessKey: string }

/** The role that is assumed in each account; without one the credential's own account is the only one. */
export interface AwsRole {
  readonly name: string
  /** Asked for by the role's trust policy; null when it asks for none. */
  readonly externalId: string | null
}

/** What calls in an account are signed with. Nothing is asked of anybody before the first call. */
export async function openCredential(
  {
    credential,
    role,
    endpoint,
  }: { readonly credential: AwsCredential; readonly role: AwsRole | null; readonly endpoint: string | null },
  { accountId, region }: { readonly accountId: string; readonly region: string },
): Promise<NonNullable<EC2ClientConfig['credentials']>> {
  const { fromNodeProviderChain, fromTemporaryCredentials } = await import('@aws-sdk/credential-providers')
  const { kind, ...keys } = credential
  const own =
    kind === 'environment' ? fromNodeProviderChain() : (keys as { accessKeyId: string; secretAccessKey: string })
  if (role === null) return own
  const partition = region.startsWith('cn-') ? 'aws-cn' : region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws'
  return fromTemporaryCredentials({
    masterCredentials: own,
    params: {
      RoleArn: `arn:${partition}:iam::${accountId}:role/${role.name}`,
      RoleSessionName: 'jit-gateway',
      ...(role.externalId === null ? {} : { ExternalId: role.externalId }),
    },
    clientConfig: { region, ...(endpoint === null ? {} : { endpoint }) },
  })
}
