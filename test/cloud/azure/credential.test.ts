import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { connectAzure } from '../../../src/cloud/azure/connect.ts'
import { tokenless } from '../../../src/cloud/azure/unreachable.ts'
import { connected, optionsFor, ourRule, putting, refusalOf } from './support/connected.ts'

describe('a managed identity', () => {
  it('is asked for a token, and the whole path works with it', async () => {
    const { simulator, groupId } = await connected()
    vi.stubEnv('IDENTITY_ENDPOINT', simulator.identityEndpoint)
    vi.stubEnv('IDENTITY_HEADER', simulator.identityHeader)
    onTestFinished(() => {
      vi.unstubAllEnvs()
    })
    const credential = { kind: 'managed-identity', clientId: null } as const
    const cloud = connectAzure(optionsFor(simulator, { credential }))
    await cloud.apply(await cloud.observe(groupId), putting(ourRule()))
    expect((await cloud.observe(groupId)).rules.map(({ name }) => name)).toEqual(['JitGateway-1'])
  })
})

describe('a token that cannot be had', () => {
  const secret = 'hunter2~secret'
  const entra = (words: string) => tokenless(new Error(`${words} client_secret=${secret}`))

  it.each([
    [
      'invalid_client: Error(s): 7000215 - AADSTS7000215: Invalid client secret provided.',
      'FORBIDDEN',
      'AADSTS7000215',
    ],
    ['unauthorized_client: AADSTS700016: Application was not found in the directory.', 'FORBIDDEN', 'AADSTS700016'],
    ['temporarily_unavailable: AADSTS90033: A transient error has occurred.', 'UNAVAILABLE', 'AADSTS90033'],
    ['network_error: Network request failed', 'UNAVAILABLE', 'NoAccessToken'],
  ])('because of %j is %s', (words, kind, code) => {
    expect(entra(words)).toMatchObject({ kind, code })
  })

  it('is told without the words of the SDK, which can quote what was sent', () => {
    expect(entra('AADSTS7000215: Invalid client secret.').message).not.toContain(secret)
  })

  it.each([
    { kind: 'client-secret', tenantId: 'tenant', clientId: 'client', clientSecret: secret, authorityHost: null },
    { kind: 'workload-identity', tenantId: 'tenant', clientId: 'client', tokenFile: '/none', authorityHost: null },
    { kind: 'managed-identity', clientId: 'client' },
  ] as const)('by $kind is not asked for before the first call', (credential) => {
    const options = { endpoint: 'https://localhost:1', audience: null, certificateAuthority: null }
    expect(() => connectAzure({ ...options, credential })).not.toThrow()
  })
})

describe('a fixed token', () => {
  it('that the cloud does not take says what to check', async () => {
    const { simulator, groupId } = await connected()
    const cloud = connectAzure(optionsFor(simulator, { credential: { kind: 'token', token: 'wrong-token' } }))
    const refusal = await refusalOf(cloud.observe(groupId))
    expect(refusal).toMatchObject({ kind: 'FORBIDDEN', code: 'InvalidAuthenticationToken' })
    expect(refusal.message).toContain('check ARM_AUDIENCE')
    expect(refusal.message).not.toContain('wrong-token')
  })
})
