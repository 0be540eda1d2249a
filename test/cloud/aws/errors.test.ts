import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { connectAws } from '../../../src/cloud/aws/connect.ts'
import { kindOf } from '../../../src/cloud/aws/map-error.ts'
import { handClock } from '../../support/clock.ts'
import { accountId, smallEc2 } from '../../support/ec2-estate.ts'
import { connectedEc2, opening, refusal } from './support/connected.ts'

describe('a refusal of AWS', () => {
  it.each([
    ['InvalidPermission.Duplicate', 400, 'CONFLICT'],
    ['InvalidGroup.NotFound', 400, 'CONFLICT'],
    ['DependencyViolation', 400, 'CONFLICT'],
    ['InvalidNetworkInterfaceID.NotFound', 400, 'NOT_FOUND'],
    ['RulesPerSecurityGroupLimitExceeded', 400, 'QUOTA'],
    ['SecurityGroupsPerInterfaceLimitExceeded', 400, 'QUOTA'],
    ['SecurityGroupLimitExceeded', 400, 'QUOTA'],
    ['RequestLimitExceeded', 503, 'THROTTLED'],
    ['UnauthorizedOperation', 403, 'FORBIDDEN'],
    ['OptInRequired', 403, 'FORBIDDEN'],
    ['InvalidParameterValue', 400, 'INVALID'],
    ['SomethingNew', 400, 'INVALID'],
    ['SomethingNew', 403, 'FORBIDDEN'],
    ['InternalError', 500, 'UNAVAILABLE'],
    ['Unavailable', 503, 'UNAVAILABLE'],
  ])('%s with %i is %s', (code, status, kind) => {
    expect(kindOf(code, status)).toBe(kind)
  })

  it('names the permission that is missing, and repeats what AWS says', async () => {
    const { cloud, boundaryId, simulator } = await connectedEc2()
    const observation = await cloud.observe(boundaryId('web'))
    simulator.misbehave.forbid({ action: 'AuthorizeSecurityGroupIngress' })
    const refused = await refusal(cloud.apply(observation, opening()))
    expect(refused).toMatchObject({ kind: 'FORBIDDEN', code: 'UnauthorizedOperation' })
    expect(refused.missingPermissions).toEqual(['ec2:AuthorizeSecurityGroupIngress'])
    expect(refused.message).toMatch(/\(ec2:AuthorizeSecurityGroupIngress\).*AWS says: You are not authorized/s)
    expect(refused.correlationId).toMatch(/\w/)
  })

  it('for coming too fast is met with a slower pace; in the end it says how long to wait, though AWS does not', async () => {
    const clock = handClock()
    const { cloud, boundaryId, simulator } = await connectedEc2(undefined, {}, { clock })
    const observing = async () => {
      const answer = cloud.observe(boundaryId('web'))
      let isOver = false
      void answer.catch(() => {}).finally(() => (isOver = true))
      await vi.waitFor(async () => {
        await clock.advance(250)
        expect(isOver).toBe(true)
      })
      return answer
    }
    simulator.misbehave.throttle({ action: 'Describe', times: 3 })
    expect(await observing()).toMatchObject({ kind: 'SECURITY_GROUP' })
    simulator.misbehave.throttle({ action: 'Describe' })
    expect(await refusal(observing())).toMatchObject({ kind: 'THROTTLED', retryAfterMs: 1_000 })
  })

  it.each([
    ['rulesPerGroup', 'RulesPerSecurityGroupLimitExceeded'],
    ['groupsPerInterface', 'SecurityGroupsPerInterfaceLimitExceeded'],
    ['groupsPerRegion', 'SecurityGroupLimitExceeded'],
  ] as const)('for want of room (%s) names the quota to raise', async (quota, code) => {
    const { cloud, boundaryId, simulator } = await connectedEc2()
    simulator.settings[quota] = 1
    const two = opening(['203.0.113.7/32', '203.0.113.8/32'])
    const refused = await refusal(cloud.apply(await cloud.observe(boundaryId('web')), two))
    expect(refused).toMatchObject({ kind: 'QUOTA', code })
    expect(refused.message).toMatch(/raise the quota “/)
  })

  it('for an interface of a service of AWS says that it is not to be changed', async () => {
    const { cloud, boundaryId, simulator, instance } = await connectedEc2()
    const [id = ''] = instance('web').interfaceIds
    const machine = simulator.now.instances.get(instance('web').instanceId)
    simulator.putInstance(machine!, [{ ...simulator.now.interfaces.get(id)!, requesterManaged: true }])
    const refused = await refusal(cloud.apply(await cloud.observe(boundaryId('web')), opening()))
    expect(refused).toMatchObject({ kind: 'FORBIDDEN', code: 'OperationNotPermitted', missingPermissions: [] })
  })
})

describe('a call without an answer', () => {
  it.each(['beforeCommit', 'afterCommit'] as const)('lost %s says nothing about what became of it', async (when) => {
    const { cloud, boundaryId, simulator } = await connectedEc2()
    const observation = await cloud.observe(boundaryId('web'))
    simulator.misbehave.loseAnswer(when, { action: 'CreateSecurityGroup', times: 1 })
    expect(await refusal(cloud.apply(observation, opening()))).toMatchObject({ kind: 'UNAVAILABLE' })
  })

  it('is given up after its time', async () => {
    const { cloud, boundaryId, simulator } = await connectedEc2(undefined, {}, { callTimeoutMs: 300 })
    await cloud.observe(boundaryId('web'))
    simulator.misbehave.hang({ action: 'Describe' })
    expect(await refusal(cloud.observe(boundaryId('web')))).toMatchObject({ kind: 'UNAVAILABLE', code: 'TimedOut' })
  })

  it('is given up when its caller gives up, and others that read with it go on', async () => {
    const { cloud, boundaryId, simulator } = await connectedEc2([
      { name: 'web', groups: ['plain'] },
      { name: 'other', groups: ['plain'] },
    ])
    simulator.settings.latencyMs = 100
    const giving = new AbortController()
    const [given, kept] = [cloud.observe(boundaryId('web'), giving.signal), cloud.observe(boundaryId('other'))]
    giving.abort()
    expect(await refusal(given)).toMatchObject({ kind: 'UNAVAILABLE', code: 'Aborted' })
    expect((await kept).boundaryId).toBe(boundaryId('other'))
  })

  it('and without a listener is one too', async () => {
    const { boundaryId } = smallEc2([{ name: 'web' }])
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    await new Promise((resolve) => server.close(resolve))
    const key = { accessKeyId: 'AKIA', secretAccessKey: 'secret' }
    const cloud = connectAws({
      endpoint: `http://127.0.0.1:${String(port)}`,
      credential: { kind: 'keys', ...key },
      role: null,
      regions: [],
    })
    expect(await refusal(cloud.observe(boundaryId('web')))).toMatchObject({ kind: 'UNAVAILABLE' })
  })

  it.each([
    ['a page of a proxy', 'text/html', '<html><body>Welcome</body></html>'],
    ['something else', 'text/xml', '<DescribeSecurityGroupsResponse/>'],
    ['nothing', 'text/xml', ''],
  ])('or with %s proves nothing', async (_, type, body) => {
    const { boundaryId } = smallEc2([{ name: 'web' }])
    const server = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': type }).end(body)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      server.close()
      server.closeAllConnections()
    })
    const key = { accessKeyId: 'AKIA', secretAccessKey: 'secret' }
    const endpoint = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
    const cloud = connectAws({ endpoint, credential: { kind: 'keys', ...key }, role: null, regions: [] })
    expect(await refusal(cloud.observe(boundaryId('web')))).toMatchObject({ kind: 'UNAVAILABLE' })
    expect(await refusal(Array.fromAsync(cloud.inventory(accountId)))).toMatchObject({ kind: 'UNAVAILABLE' })
  })
})

describe('a credential', () => {
  it('that AWS does not know is refused in words for whoever configures it', async () => {
    const { boundaryId, simulator } = await connectedEc2()
    for (const [role, code] of [
      [null, 'AuthFailure'],
      [{ name: 'JitGateway', externalId: null }, 'AuthFailure'],
    ] as const) {
      const keys = { accessKeyId: simulator.key.accessKeyId, secretAccessKey: 'wrong' }
      const cloud = connectAws({
        endpoint: simulator.endpoint,
        credential: { kind: 'keys', ...keys },
        role,
        regions: [],
      })
      expect(await refusal(cloud.observe(boundaryId('web')))).toMatchObject({ kind: 'FORBIDDEN', code })
    }
  })

  it('that may not assume the role of an account is refused for that', async () => {
    const { cloud, boundaryId } = await connectedEc2()
    const refused = await refusal(cloud.observe(boundaryId('web').replace(accountId, '999999999999')))
    expect(refused).toMatchObject({ kind: 'FORBIDDEN', code: 'AccessDenied' })
    expect(refused.message).toContain('sts:AssumeRole')
  })

  it('of one account reads no other under its name', async () => {
    const { cloud } = await connectedEc2(undefined, {}, { role: null, regions: ['eu-west-1'] })
    expect(await Array.fromAsync(cloud.inventory(accountId))).not.toEqual([])
    expect(await refusal(Array.fromAsync(cloud.inventory('999999999999')))).toMatchObject({
      kind: 'FORBIDDEN',
      code: 'WrongAccount',
    })
  })
})
