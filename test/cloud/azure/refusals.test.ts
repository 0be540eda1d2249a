import { describe, expect, it } from 'vitest'
import { securityRule } from '../../../src/cloud/simulator/estate/rule-sketch.ts'
import { connected, ourRule, putting, refusalOf, type Connected } from './support/connected.ts'

/** How a write of one rule is refused, and with how many calls. */
async function refusedWrite({ cloud, simulator, groupId }: Connected, misbehave: () => void) {
  const observation = await cloud.observe(groupId)
  misbehave()
  const before = { ...simulator.requests }
  const refusal = await refusalOf(cloud.apply(observation, putting(ourRule())))
  return { refusal, calls: simulator.requests.total - before.total }
}

describe('a write beyond a quota', () => {
  it.each([
    ['arm', 17, 17_000],
    ['network', 60, 60_000],
    ['arm', null, null],
    ['network', null, null],
  ] as const)('of %s that asks to wait %j seconds is refused at once, and called once', async (flavour, asks, ms) => {
    const it = await connected()
    const { refusal, calls } = await refusedWrite(it, () => it.simulator.misbehave.throttle(flavour, asks))
    expect(refusal).toMatchObject({ kind: 'THROTTLED', retryAfterMs: ms })
    expect(calls).toBe(1)
  })

  it('by the real count of calls says how long', async () => {
    const { cloud, simulator, groupId } = await connected()
    const observation = await cloud.observe(groupId)
    simulator.settings.quotas = { ...simulator.settings.quotas, writes: { bucket: 0, perSecond: 0.1 } }
    simulator.settings.enforceQuotas = true
    const refusal = await refusalOf(cloud.apply(observation, putting(ourRule())))
    expect(refusal.kind).toBe('THROTTLED')
    expect(refusal.retryAfterMs).toBeGreaterThan(0)
  })
})

describe('a write while another one is in progress', () => {
  it.each(['conflict', 'retryable'] as const)(
    'that the cloud calls %s is to be tried again',
    async (concurrentWrites) => {
      const { cloud, simulator, groupId } = await connected()
      simulator.settings.concurrentWrites = concurrentWrites
      const observation = await cloud.observe(groupId)
      simulator.misbehave.slowOperation({ ms: 60_000 }, { times: 1 })
      const stop = new AbortController()
      const first = refusalOf(cloud.apply(observation, putting(ourRule()), stop.signal))
      await expect.poll(() => simulator.read(groupId)?.etag).not.toBe(observation.etag)
      const etag = simulator.read(groupId)?.etag ?? ''
      expect(await refusalOf(cloud.apply({ ...observation, etag }, putting(ourRule())))).toMatchObject({
        kind: 'CONFLICT',
        code: concurrentWrites === 'conflict' ? 'AnotherOperationInProgress' : 'RetryableError',
      })
      stop.abort()
      await first
    },
  )
})

describe('a write that is forbidden', () => {
  it('for want of a permission names the action', async () => {
    const it = await connected()
    const { refusal } = await refusedWrite(it, () => it.simulator.misbehave.forbid('AuthorizationFailed'))
    expect(refusal).toMatchObject({ kind: 'FORBIDDEN', code: 'AuthorizationFailed' })
    expect(refusal.message.toLowerCase()).toContain('(microsoft.network/networksecuritygroups/write)')
    expect(refusal.correlationId).not.toBeNull()
  })

  it("by the organisation's policy says whom to ask", async () => {
    const it = await connected()
    const { refusal } = await refusedWrite(it, () => it.simulator.misbehave.forbid('RequestDisallowedByPolicy'))
    expect(refusal).toMatchObject({ kind: 'FORBIDDEN', code: 'RequestDisallowedByPolicy' })
    expect(refusal.message).toContain('ask whoever owns the policy')
  })

  it('by a lock says so, and one that forbids deletion only does not forbid it', async () => {
    const it = await connected()
    const { refusal } = await refusedWrite(it, () => it.simulator.misbehave.lock('ReadOnly'))
    expect(refusal).toMatchObject({ kind: 'LOCKED', code: 'ScopeLocked' })
    it.simulator.misbehave.stop()
    it.simulator.misbehave.lock('CanNotDelete')
    await it.cloud.apply(await it.cloud.observe(it.groupId), putting(ourRule()))
    await it.cloud.apply(await it.cloud.observe(it.groupId), { remove: ['JitGateway-1'], put: [] })
    expect((await it.cloud.observe(it.groupId)).rules).toEqual([])
  })
})

describe('a write that the cloud does not take', () => {
  it('beyond the most rules is one of a quota', async () => {
    const it = await connected()
    it.simulator.edit(it.groupId, (group) => {
      group.properties.securityRules = Array.from({ length: 1_000 }, (_, index) =>
        securityRule(group.id, { name: `r${String(index)}`, priority: 101 + index }),
      )
    })
    const { refusal } = await refusedWrite(it, () => {})
    expect(refusal).toMatchObject({ kind: 'QUOTA', code: 'SecurityRuleCountLimitReached' })
  })

  it('for its rules is invalid, in the words of the cloud', async () => {
    const { cloud, groupId } = await connected([{ name: 'web', rules: [{ name: 'theirs', priority: 100 }] }])
    const refusal = await refusalOf(cloud.apply(await cloud.observe(groupId), putting(ourRule())))
    expect(refusal).toMatchObject({ kind: 'INVALID', code: 'SecurityRuleConflict' })
    expect(refusal.message).toContain('cannot have the same Priority and Direction')
  })
})

describe('a write without an answer', () => {
  it('that was lost after it was done may have happened: nothing but a reading tells', async () => {
    const it = await connected()
    const { refusal } = await refusedWrite(it, () =>
      it.simulator.misbehave.loseAnswer('afterCommit', { method: 'PUT' }),
    )
    expect(refusal.kind).toBe('UNAVAILABLE')
    expect(it.simulator.requests.puts).toBe(1)
    expect((await it.cloud.observe(it.groupId)).rules.map(({ name }) => name)).toEqual(['JitGateway-1'])
  })

  it('that hangs is given up in its time', async () => {
    const it = await connected([{ name: 'web' }], { azure: { callTimeoutMs: 150 } })
    const { refusal } = await refusedWrite(it, () => it.simulator.misbehave.hang())
    expect(refusal).toMatchObject({ kind: 'UNAVAILABLE', code: 'TimedOut' })
    expect(refusal.message).toContain('within 150 ms')
  })

  it('that hangs is given up at once when it is of no use any more', async () => {
    const { cloud, simulator, groupId } = await connected()
    simulator.misbehave.hang()
    const lost = new AbortController()
    const reading = refusalOf(cloud.observe(groupId, lost.signal))
    lost.abort(new Error('the claim was lost'))
    expect(await reading).toMatchObject({ kind: 'UNAVAILABLE', code: 'Aborted' })
    expect(await refusalOf(cloud.observe(groupId, lost.signal))).toMatchObject({ code: 'Aborted' })
  })

  it.each([500, 502, 503])('with status %i is called once, and the wait that it asks for is kept', async (status) => {
    const it = await connected()
    const { refusal, calls } = await refusedWrite(it, () =>
      it.simulator.misbehave.refuse(status, { code: 'ServerBusy', retryAfterSeconds: 3 }),
    )
    expect(refusal).toMatchObject({ kind: 'UNAVAILABLE', retryAfterMs: 3_000 })
    expect(calls).toBe(1)
  })
})
