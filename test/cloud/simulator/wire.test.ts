import { networkInterfaces } from 'node:os'
import { request } from 'node:https'
import { describe, expect, it } from 'vitest'
import { subscriptionId } from '../../support/cloud-estate.ts'
import { connectTo, errorIn, groupIn } from './support/call.ts'
import { groupId, resourceGroup, simulated, webGroup } from './support/simulated.ts'

const reach = (url: string, ca?: string) =>
  new Promise<number | undefined>((resolve, reject) => {
    const outgoing = request(url, { ...(ca === undefined ? {} : { ca }), agent: false }, (incoming) => {
      incoming.resume()
      resolve(incoming.statusCode)
    })
    outgoing.on('error', reject).end()
  })

describe('the endpoint', () => {
  it('speaks HTTPS under a certificate that its own authority vouches for, and nobody else', async () => {
    const { simulator } = await simulated()
    const { endpoint, certificateAuthority: ca } = simulator
    expect(endpoint).toMatch(/^https:\/\/localhost:\d+$/)
    expect(await reach(endpoint, ca)).toBe(404)
    expect(await reach(endpoint.replace('localhost', '127.0.0.1'), ca)).toBe(404)
    await expect(reach(endpoint)).rejects.toThrow(/certificate/)
  })

  it('is to be reached from this machine only', async () => {
    const { simulator } = await simulated()
    const { port } = new URL(simulator.endpoint)
    const outward = Object.values(networkInterfaces()).flatMap((all) => all ?? [])
    for (const { address } of outward.filter(({ internal, family }) => !internal && family === 'IPv4'))
      await expect(reach(`https://${address}:${port}`)).rejects.toThrow('ECONNREFUSED')
  })

  it('can be on a port of choice, once', async () => {
    const { simulator } = await simulated()
    const port = Number(new URL(simulator.endpoint).port)
    await expect(simulated(undefined, { port })).rejects.toThrow('EADDRINUSE')
  })

  it('breaks what is open and answers no more when it is stopped', async () => {
    const { simulator, arm } = await simulated()
    simulator.misbehave.hang({ at: webGroup })
    const broken = expect(arm.get(webGroup)).rejects.toThrow()
    expect((await arm.get('/subscriptions')).status).toBe(200)
    await simulator.stop()
    await broken
    await expect(arm.get(webGroup)).rejects.toThrow('ECONNREFUSED')
  })
})

describe('a caller', () => {
  it('must bring the token', async () => {
    const { arm, simulator } = await simulated()
    const stranger = connectTo({ ...simulator, token: 'x.y.z' })
    const refused = await stranger.get(webGroup)
    stranger.close()
    expect([refused.status, errorIn(refused).code]).toEqual([401, 'InvalidAuthenticationToken'])
    const nameless = await arm.call(webGroup, { headers: { Authorization: '' } })
    expect([nameless.status, nameless.headers['www-authenticate']]).toEqual([401, 'Bearer error="invalid_token"'])
  })

  it('gets it from the identity endpoint, for the right header only', async () => {
    const { simulator } = await simulated()
    const url = `${simulator.identityEndpoint}?api-version=2019-08-01&resource=https://management.azure.com/`
    const ask = (header: string, address = url) => fetch(address, { headers: { 'X-IDENTITY-HEADER': header } })
    const given = await ask(simulator.identityHeader)
    const { access_token, expires_on, token_type } = (await given.json()) as Record<string, string>
    expect([given.status, access_token, token_type]).toEqual([200, simulator.token, 'Bearer'])
    expect(Number(expires_on) * 1_000).toBeGreaterThan(Date.now() + 3_600_000)
    expect((await ask('guess')).status).toBe(401)
    expect((await ask(simulator.identityHeader, simulator.identityEndpoint)).status).toBe(400)
  })

  it('may use any dated api-version, and must use one', async () => {
    const { arm } = await simulated()
    for (const version of ['2022-07-01', '2025-05-01', '2026-01-01', '2023-11-01-preview'])
      expect((await arm.get(`${webGroup}?api-version=${version}`)).status).toBe(200)
    expect(errorIn(await arm.get(`${webGroup}?api-version=latest`)).code).toBe('InvalidApiVersionParameter')
    expect(errorIn(await arm.get(`${webGroup}?no-api-version`)).code).toBe('MissingApiVersionParameter')
  })

  it('may spell a path in any case, and encode it', async () => {
    const { arm } = await simulated()
    const odd = [webGroup.toLowerCase(), webGroup.toUpperCase(), webGroup.replace('nsg-', '%6Esg%2D'), `${webGroup}/`]
    for (const path of odd) expect(groupIn(await arm.get(path)).id).toBe(webGroup)
    const written = await arm.put(webGroup.toUpperCase(), { location: 'westeurope' })
    expect([written.status, groupIn(written).id]).toEqual([200, webGroup])
  })

  it('finds the correlation id it gave in the answer, or one of its own', async () => {
    const { arm } = await simulated()
    const id = crypto.randomUUID()
    const given = await arm.call(webGroup, { headers: { 'x-ms-correlation-request-id': id } })
    expect(given.headers['x-ms-correlation-request-id']).toBe(id)
    expect((await arm.get(webGroup)).headers['x-ms-correlation-request-id']).toMatch(/^[0-9a-f-]{36}$/)
  })
})

describe('an answer', () => {
  it('spells ids as they were made, or in another case when told so', async () => {
    const { arm, simulator } = await simulated([{ name: 'web', nsgs: 'both' }])
    const ids = async () => JSON.stringify((await arm.get(webGroup)).body).match(/\/subscriptions\/[^"]+/g) ?? []
    const made = await ids()
    expect(made.length).toBeGreaterThan(7)
    expect(made).toContain(webGroup)
    simulator.settings.idCase = 'lower'
    expect(await ids()).toEqual(made.map((id) => id.toLowerCase()))
    simulator.settings.idCase = 'upper'
    const upper = await ids()
    expect(upper).not.toEqual(made)
    expect(upper.map((id) => id.toLowerCase())).toEqual(made.map((id) => id.toLowerCase()))
  })

  it.each([
    ['/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/a', 404, 'SubscriptionNotFound', 'gateway'],
    [groupId('x').replace('rg-shop', 'nowhere'), 404, 'ResourceGroupNotFound', 'gateway'],
    [groupId('x'), 404, 'ResourceNotFound', 'gateway'],
    [`${resourceGroup}/providers/Microsoft.Nothing/things/x`, 404, 'InvalidResourceType', undefined],
    ['/nowhere', 404, 'ResourceNotFound', undefined],
  ])('to a call of %s is %i %s', async (path, status, code, cause) => {
    const { arm } = await simulated()
    const answer = await arm.get(path)
    expect([answer.status, errorIn(answer).code]).toEqual([status, code])
    expect(answer.headers['x-ms-failure-cause']).toBe(cause)
  })

  it('to a method that is not offered is 405', async () => {
    const { arm, machine } = await simulated()
    const calls = [
      arm.call(webGroup, { method: 'POST' }),
      arm.put(machine('web').vmId, {}),
      arm.delete(machine('web').subnetId),
      arm.put(`/subscriptions/${subscriptionId}`, {}),
    ]
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([405, 405, 405, 405])
  })
})
