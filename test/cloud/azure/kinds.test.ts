import { describe, expect, it, vi } from 'vitest'
import { handClock } from '../../support/clock.ts'
import { subscriptionId } from '../../support/cloud-estate.ts'
import { optionsFor, putting, refusalOf } from './support/connected.ts'
import { connectAzure } from '../../../src/cloud/azure/connect.ts'
import { kinds } from './support/kinds.ts'

describe.each(kinds)('$name that is observed', ({ guard, opening }) => {
  it('shows its inbound rules and its etag, and carries the whole answer', async () => {
    const { cloud, simulator, boundaryId } = await guard()
    const observation = await cloud.observe(boundaryId)
    expect(observation).toMatchObject({ boundaryId, ruleCount: 1, etag: simulator.read(boundaryId)?.etag })
    expect(observation.rules).toHaveLength(1)
    expect(observation.raw).toEqual(simulator.read(boundaryId))
  })

  it('is the same one, in whatever case the cloud spells ids', async () => {
    const { cloud, simulator, boundaryId } = await guard()
    simulator.settings.idCase = 'upper'
    expect((await cloud.observe(boundaryId.toUpperCase().replace('/SUBSCRIPTIONS', '/subscriptions'))).boundaryId).toBe(
      boundaryId,
    )
  })

  it('is not found when it is gone, and not taken for gone where it cannot be seen', async () => {
    const { cloud, boundaryId, remove } = await guard()
    const elsewhere = boundaryId.replace(subscriptionId, '00000000-0000-0000-0000-000000000009')
    expect(await refusalOf(cloud.observe(elsewhere))).toMatchObject({ kind: 'FORBIDDEN', code: 'SubscriptionNotFound' })
    remove()
    expect(await refusalOf(cloud.observe(boundaryId))).toMatchObject({ kind: 'NOT_FOUND', code: 'ResourceNotFound' })
  })

  it('proves nothing before a write in progress has ended', async () => {
    const { cloud, simulator, boundaryId, passes } = await guard()
    const before = await cloud.observe(boundaryId)
    simulator.misbehave.slowOperation({ ms: 250 }, { times: 1 })
    const writing = cloud.apply(before, putting(opening()))
    await vi.waitFor(() => {
      expect(simulator.read(boundaryId)?.properties['provisioningState']).toBe('Updating')
    })
    expect(passes()).toBe(false)
    const during = await cloud.observe(boundaryId)
    expect(passes()).toBe(true)
    expect(during.rules.map(({ name }) => name)).toContain('JitGateway-1')
    await writing
  })

  it('is left for later when a write in progress does not end', async () => {
    const clock = handClock()
    const { cloud, simulator, boundaryId } = await guard({ azure: { clock } })
    const before = await cloud.observe(boundaryId)
    simulator.misbehave.slowOperation({ ms: 600_000 })
    void cloud.apply(before, putting(opening())).catch(() => {})
    await vi.waitFor(() => {
      expect(clock.waiting).toBe(1)
    })
    let refused = false
    const refusal = refusalOf(cloud.observe(boundaryId)).finally(() => {
      refused = true
    })
    await vi.waitFor(
      async () => {
        await clock.advance(500)
        expect(refused).toBe(true)
      },
      { timeout: 5_000, interval: 5 },
    )
    expect(await refusal).toMatchObject({ kind: 'CONFLICT', code: 'AnotherOperationInProgress' })
  })
})

describe.each(kinds)('a write of $name', ({ guard, opening, permission }) => {
  it('opens and closes as packets see it, and is read back as it was meant', async () => {
    const { cloud, boundaryId, passes } = await guard()
    expect(passes()).toBe(false)
    const { correlationId } = await cloud.apply(await cloud.observe(boundaryId), putting(opening()))
    expect(correlationId).toMatch(/^[0-9a-f-]{36}$/)
    expect(passes()).toBe(true)
    expect((await cloud.observe(boundaryId)).rules).toContainEqual(opening())
    await cloud.apply(await cloud.observe(boundaryId), { remove: ['JitGateway-1'], put: [] })
    expect(passes()).toBe(false)
    expect((await cloud.observe(boundaryId)).rules).toHaveLength(1)
  })

  it('leaves what others wrote byte for byte as it was, properties of a later day too', async () => {
    const { cloud, boundaryId, lasting, edit } = await guard()
    edit((resource) => {
      resource.tags = { Owner: 'shop', Empty: '' }
      Object.assign(resource.properties, { ofALaterDay: { deep: [1, null, { x: 'y' }] }, flushConnection: true })
      for (const list of ['securityRules', 'natRuleCollections'])
        for (const theirs of (resource.properties[list] ?? []) as { properties: object }[])
          Object.assign(theirs.properties, { laterStill: [{ a: 1.5 }], description: 'ä"\\' })
    })
    const before = lasting()
    expect(before).toContain('laterStill')
    const second = opening({ name: 'JitGateway-2', ports: [{ first: 20_023, last: 20_023 }] })
    const other = second.translatesTo === undefined ? { ...second, priority: 101 } : second
    await cloud.apply(await cloud.observe(boundaryId), putting(opening(), other))
    expect(lasting()).toBe(before)
    await cloud.apply(await cloud.observe(boundaryId), { remove: ['JitGateway-1', 'JitGateway-2'], put: [] })
    expect(lasting()).toBe(before)
  })

  it('never touches a rule that is not ours', async () => {
    const { cloud, boundaryId, lasting } = await guard()
    const observation = await cloud.observe(boundaryId)
    const [theirs] = observation.rules
    await expect(cloud.apply(observation, { remove: [theirs?.name ?? ''], put: [] })).rejects.toThrow('not ours')
    await expect(cloud.apply(observation, putting(opening({ name: theirs?.name ?? '' })))).rejects.toThrow('not ours')
    expect(lasting()).not.toContain('JitGateway')
  })

  it('is refused when somebody else wrote since, and changes nothing', async () => {
    const { cloud, boundaryId, edit, passes } = await guard()
    const observation = await cloud.observe(boundaryId)
    edit()
    const refusal = await refusalOf(cloud.apply(observation, putting(opening())))
    expect(refusal).toMatchObject({ kind: 'CONFLICT', code: 'PreconditionFailed' })
    expect(passes()).toBe(false)
  })

  it('does not bring back what was deleted', async () => {
    const { cloud, simulator, boundaryId, remove } = await guard()
    const observation = await cloud.observe(boundaryId)
    remove()
    await refusalOf(cloud.apply(observation, putting(opening())))
    expect(simulator.read(boundaryId)).toBeUndefined()
  })

  it('is waited for until it is in force, though the answer may say that it has succeeded', async () => {
    const { cloud, simulator, boundaryId, passes } = await guard()
    simulator.settings.answersEarly = true
    const before = await cloud.observe(boundaryId)
    simulator.misbehave.slowOperation({ ms: 200, polls: 2 }, { times: 1 })
    await cloud.apply(before, putting(opening()))
    expect(passes()).toBe(true)
    expect(simulator.requests.polls).toBeGreaterThanOrEqual(3)
  })

  it('is given up in the end: what became of it is not known', async () => {
    const { cloud, simulator, boundaryId } = await guard({ azure: { operationTimeoutMs: 150, firewallTimeoutMs: 150 } })
    simulator.misbehave.slowOperation({ polls: 1_000 })
    const refusal = await refusalOf(cloud.apply(await cloud.observe(boundaryId), putting(opening())))
    expect(refusal).toMatchObject({ kind: 'UNAVAILABLE', code: 'OperationNotEnded' })
    expect(refusal.correlationId).not.toBeNull()
  })

  it('that ends badly fails with the words of its operation, and is in force for nobody', async () => {
    const { cloud, simulator, boundaryId, passes } = await guard()
    simulator.misbehave.failOperation({ code: 'InternalServerError', message: 'Something broke.' })
    const refusal = await refusalOf(cloud.apply(await cloud.observe(boundaryId), putting(opening())))
    expect(refusal).toMatchObject({ kind: 'UNAVAILABLE', code: 'InternalServerError' })
    expect(refusal.message).toContain('Azure says: Something broke.')
    expect(passes()).toBe(false)
  })

  it('whose answer was lost may have happened: nothing but a reading tells', async () => {
    const { cloud, simulator, boundaryId } = await guard()
    const before = await cloud.observe(boundaryId)
    simulator.misbehave.loseAnswer('afterCommit', { method: 'PUT' })
    expect((await refusalOf(cloud.apply(before, putting(opening())))).kind).toBe('UNAVAILABLE')
    expect((await cloud.observe(boundaryId)).rules).toContainEqual(opening())
  })

  it('that is forbidden, locked or beyond a quota says what is missing and how long to wait', async () => {
    const { cloud, simulator, boundaryId } = await guard()
    const refusal = async (misbehave: () => void) => {
      const before = await cloud.observe(boundaryId)
      misbehave()
      const refused = await refusalOf(cloud.apply(before, putting(opening())))
      simulator.misbehave.stop()
      return refused
    }
    const forbidden = await refusal(() => simulator.misbehave.forbid('AuthorizationFailed'))
    expect(forbidden.kind).toBe('FORBIDDEN')
    expect(forbidden.message.toLowerCase()).toContain(`(${permission})`)
    expect(await refusal(() => simulator.misbehave.lock('ReadOnly'))).toMatchObject({ kind: 'LOCKED' })
    expect(await refusal(() => simulator.misbehave.throttle('network', 17))).toMatchObject({
      kind: 'THROTTLED',
      retryAfterMs: 17_000,
    })
  })

  it('while another one is in progress is to be tried again', async () => {
    const { cloud, simulator, boundaryId } = await guard()
    simulator.settings.concurrentWrites = 'conflict'
    const observation = await cloud.observe(boundaryId)
    simulator.misbehave.slowOperation({ ms: 60_000 }, { times: 1 })
    const stop = new AbortController()
    const first = refusalOf(cloud.apply(observation, putting(opening()), stop.signal))
    await expect.poll(() => simulator.read(boundaryId)?.etag).not.toBe(observation.etag)
    const etag = simulator.read(boundaryId)?.etag ?? ''
    expect(await refusalOf(cloud.apply({ ...observation, etag }, putting(opening())))).toMatchObject({
      kind: 'CONFLICT',
      code: 'AnotherOperationInProgress',
    })
    stop.abort()
    await first
  })

  it('reaches the cloud by endpoint and credential alone', async () => {
    const { simulator, boundaryId } = await guard()
    const stranger = connectAzure(optionsFor(simulator, { credential: { kind: 'token', token: 'stolen' } }))
    expect(await refusalOf(stranger.observe(boundaryId))).toMatchObject({ kind: 'FORBIDDEN' })
  })
})
