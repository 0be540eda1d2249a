import { describe, expect, it, vi } from 'vitest'
import { handClock } from '../../support/clock.ts'
import { bareGroupId, groupBody, json, serveBare } from './support/bare-server.ts'
import { connected, ourRule, putting, refusalOf } from './support/connected.ts'

const polls = /\/operations\//
const observation = {
  boundaryId: bareGroupId,
  kind: 'NETWORK_SECURITY_GROUP',
  etag: 'W/"1"',
  rules: [],
  ruleCount: 0,
  raw: groupBody(),
} as const

describe('a write that takes its time', () => {
  it('is waited for, and looked at soon, until it is in force', async () => {
    const { cloud, simulator, machine, groupId } = await connected([{ name: 'web' }])
    const packet = { vmId: machine('web').vmId, source: '203.0.113.7', port: 22, protocol: 'TCP' } as const
    const before = await cloud.observe(groupId)
    simulator.misbehave.slowOperation({ ms: 200, polls: 2 }, { times: 1 })
    const startedMs = performance.now()
    await cloud.apply(before, putting(ourRule()))
    const tookMs = performance.now() - startedMs
    expect(simulator.packetPasses(packet).passes).toBe(true)
    expect(tookMs).toBeGreaterThanOrEqual(190)
    expect(tookMs).toBeLessThan(1_500)
    expect(simulator.requests.polls).toBeGreaterThanOrEqual(3)
  })

  it('is waited for though the answer says that it has succeeded', async () => {
    const { cloud, simulator, machine, groupId } = await connected([{ name: 'web' }])
    const packet = { vmId: machine('web').vmId, source: '203.0.113.7', port: 22, protocol: 'TCP' } as const
    simulator.settings.answersEarly = true
    const before = await cloud.observe(groupId)
    simulator.misbehave.slowOperation({ ms: 100 }, { times: 1 })
    await cloud.apply(before, putting(ourRule()))
    expect(simulator.packetPasses(packet).passes).toBe(true)
  })

  it('is looked at when the cloud asks to be asked, not sooner', async () => {
    const clock = handClock()
    const { cloud, simulator, groupId } = await connected([{ name: 'web' }], { azure: { clock } })
    simulator.settings.pollAfterSeconds = 30
    const before = await cloud.observe(groupId)
    simulator.misbehave.slowOperation({ polls: 1 }, { times: 1 })
    const writing = cloud.apply(before, putting(ourRule()))
    for (const seen of [0, 1]) {
      await vi.waitFor(() => {
        expect([clock.waiting, simulator.requests.polls]).toEqual([1, seen])
      })
      await clock.advance(29_000)
      expect([clock.waiting, simulator.requests.polls]).toEqual([1, seen])
      await clock.advance(1_000)
    }
    await writing
    expect(simulator.requests.polls).toBe(2)
  })

  it('is given up in the end: what became of it is not known', async () => {
    const { cloud, simulator, groupId } = await connected([{ name: 'web' }], { azure: { operationTimeoutMs: 150 } })
    simulator.misbehave.slowOperation({ polls: 1_000 })
    const refusal = await refusalOf(cloud.apply(await cloud.observe(groupId), putting(ourRule())))
    expect(refusal).toMatchObject({ kind: 'UNAVAILABLE', code: 'OperationNotEnded' })
    expect(refusal.correlationId).not.toBeNull()
  })

  it('is given up in time, whatever time the cloud asks for', async () => {
    const { cloud, simulator, groupId } = await connected([{ name: 'web' }], { azure: { operationTimeoutMs: 100 } })
    simulator.settings.pollAfterSeconds = 3_600
    simulator.misbehave.slowOperation({ polls: 1_000 })
    const refusal = await refusalOf(cloud.apply(await cloud.observe(groupId), putting(ourRule())))
    expect(refusal.code).toBe('OperationNotEnded')
  })

  it('is not waited for once it is of no use', async () => {
    const { cloud, simulator, groupId } = await connected()
    const lost = new AbortController()
    simulator.misbehave.slowOperation({ polls: 1_000 })
    const writing = refusalOf(cloud.apply(await cloud.observe(groupId), putting(ourRule()), lost.signal))
    await vi.waitFor(() => {
      expect(simulator.requests.polls).toBeGreaterThan(1)
    })
    lost.abort()
    expect((await writing).kind).toBe('UNAVAILABLE')
  })
})

describe('a write that ends badly', () => {
  it('fails with the code and the words of its operation', async () => {
    const { cloud, simulator, groupId } = await connected()
    simulator.misbehave.failOperation({ code: 'SecurityRuleConflict', message: 'Rules conflict.' })
    const refusal = await refusalOf(cloud.apply(await cloud.observe(groupId), putting(ourRule())))
    expect(refusal).toMatchObject({ kind: 'INVALID', code: 'SecurityRuleConflict' })
    expect(refusal.message).toContain('Azure says: Rules conflict.')
  })

  it('is to be tried again when another write superseded it', async () => {
    const { cloud, simulator, groupId } = await connected()
    simulator.misbehave.slowOperation({ ms: 5_000 }, { times: 1 })
    simulator.on('afterWrite', () => {
      simulator.edit(groupId, (group) => {
        group.properties.securityRules = []
      })
    })
    const refusal = await refusalOf(cloud.apply(await cloud.observe(groupId), putting(ourRule())))
    expect(refusal).toMatchObject({ kind: 'CONFLICT', code: 'Canceled' })
    expect(refusal.message).toContain('was canceled and superseded by operation')
    expect((await cloud.observe(groupId)).rules).toEqual([])
  })
})

describe('a look at a write in progress', () => {
  it('that nobody answers is no answer: the next one is', async () => {
    const { cloud, simulator, groupId } = await connected()
    simulator.misbehave.refuse(503, { code: 'ServerBusy' }, { path: polls, times: 2 })
    simulator.misbehave.loseAnswer('afterCommit', { path: polls, times: 1 })
    await cloud.apply(await cloud.observe(groupId), putting(ourRule()))
    expect((await cloud.observe(groupId)).rules).toHaveLength(1)
  })

  it('that hangs does not hang the write', async () => {
    const { cloud, simulator, groupId } = await connected([{ name: 'web' }], { azure: { callTimeoutMs: 150 } })
    simulator.misbehave.hang({ path: polls, times: 1 })
    await cloud.apply(await cloud.observe(groupId), putting(ourRule()))
  })

  it.each([
    [404, 'OperationNotFound'],
    [404, 'ResourceNotFound'],
    [400, 'InvalidRequest'],
    [409, 'Conflict'],
  ])('that is refused with %i %s says neither that the group is gone nor that a rule is bad', async (status, code) => {
    const { cloud, simulator, groupId } = await connected()
    simulator.misbehave.refuse(status, { code }, { path: polls })
    const refusal = await refusalOf(cloud.apply(await cloud.observe(groupId), putting(ourRule())))
    expect(refusal).toMatchObject({ kind: 'UNAVAILABLE', code })
    expect(refusal.message).toContain('how it ended cannot be told')
  })

  it('that is forbidden names what is missing, and one beyond a quota says how long to wait', async () => {
    const { cloud, simulator, groupId } = await connected()
    const before = await cloud.observe(groupId)
    simulator.misbehave.forbid('AuthorizationFailed', { path: polls, times: 1 })
    expect(await refusalOf(cloud.apply(before, putting(ourRule())))).toMatchObject({ kind: 'FORBIDDEN' })
    simulator.misbehave.throttle('arm', 9, { path: polls, times: 1 })
    const refusal = await refusalOf(cloud.apply(await cloud.observe(groupId), putting(ourRule({ priority: 101 }))))
    expect(refusal).toMatchObject({ kind: 'THROTTLED', retryAfterMs: 9_000 })
  })

  it('never takes the token to another host', async () => {
    const other = await serveBare((_, response) => {
      json(response, 200, { status: 'Succeeded' })
    })
    const server = await serveBare((_, response) => {
      json(response, 200, groupBody(), { 'Azure-AsyncOperation': `${other.endpoint}/operations/1` })
    })
    const refusal = await refusalOf((await server.connect()).apply(observation, putting(ourRule())))
    expect(refusal).toMatchObject({ kind: 'UNAVAILABLE', code: 'StrangeAddress' })
    expect(other.calls).toEqual([])
  })

  it('never takes the token over a connection that others can read', async () => {
    const server = await serveBare((request, response) => {
      const address = `http://${request.headers.host ?? ''}/operations/1`
      json(response, 200, groupBody(), { 'Azure-AsyncOperation': address })
    })
    const refusal = await refusalOf((await server.connect()).apply(observation, putting(ourRule())))
    expect(refusal.code).toBe('StrangeAddress')
  })

  it('calls the address as the cloud gave it, to the letter', async () => {
    const query = '?api-version=2025-05-01&t=1&c=a%2Bb%3D%3D&s=x~y&h=%e2%82%ac'
    const server = await serveBare((request, response) => {
      const address = `https://${request.headers.host ?? ''}/Operations/1${query}`
      json(response, 200, { status: 'Succeeded' }, request.method === 'PUT' ? { 'Azure-AsyncOperation': address } : {})
    })
    await (await server.connect()).apply(observation, putting(ourRule()))
    expect(server.calls.at(-1)).toBe(`GET /Operations/1${query}`)
  })

  it('goes by the older Location where that is all there is', async () => {
    const statuses = [202, 202, 200]
    const server = await serveBare((request, response) => {
      const address = `https://${request.headers.host ?? ''}/operationResults/1`
      const status = request.method === 'PUT' ? 202 : (statuses.shift() ?? 200)
      json(response, status, {}, { Location: address })
    })
    await (await server.connect()).apply(observation, putting(ourRule()))
    expect(server.calls.filter((call) => call.includes('operationResults'))).toHaveLength(3)
  })
})
