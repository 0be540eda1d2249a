import { describe, expect, it } from 'vitest'
import { byAccount } from '../../src/cloud/by-account.ts'
import type { Cloud, Observation } from '../../src/cloud/port.ts'

const azureAccount = '11111111-1111-4111-8111-111111111111'
const nsg = `/subscriptions/${azureAccount}/resourcegroups/rg/providers/microsoft.network/networksecuritygroups/nsg`
const eni = '/aws/123456789012/eu-west-1/vpc-0a1b2c3d/network-interfaces/eni-0a1b2c3d'

/** A cloud that says which it is, in place of everything. */
const named = (name: string): Cloud => ({
  observe: (boundaryId) =>
    Promise.resolve({
      boundaryId,
      kind: 'NETWORK_SECURITY_GROUP',
      etag: name,
      rules: [],
      ruleCount: 0,
      raw: null,
    } satisfies Observation),
  apply: () => Promise.resolve({ correlationId: name }),
  async *inventory() {
    yield { kind: 'subnets', items: [{ id: name, boundaryId: null }] }
  },
})

describe('several clouds behind one port', () => {
  const cloud = byAccount({ AZURE: named('azure'), AWS: named('aws') })

  it.each([
    [nsg, azureAccount, 'azure'],
    [eni, '123456789012', 'aws'],
  ])('each see what is theirs: %s', async (boundaryId, accountId, name) => {
    const observation = await cloud.observe(boundaryId)
    expect(observation.etag).toBe(name)
    expect(await cloud.apply(observation, { remove: [], put: [] })).toEqual({ correlationId: name })
    expect(await Array.fromAsync(cloud.inventory(accountId))).toMatchObject([{ items: [{ id: name }] }])
  })

  it('refuse an account of a cloud that is not configured, in words for whoever configures it', async () => {
    const azureOnly = byAccount({ AZURE: named('azure') })
    const refusal = { kind: 'FORBIDDEN', code: 'CloudNotConfigured', message: expect.stringContaining('AWS') }
    await expect(azureOnly.observe(eni)).rejects.toMatchObject(refusal)
    await expect(Array.fromAsync(azureOnly.inventory('123456789012'))).rejects.toMatchObject(refusal)
  })
})
