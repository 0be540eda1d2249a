import { describe, expect, it } from 'vitest'
import { handClock } from '../../support/clock.ts'
import { errorIn, groupIn, rule, ruleNamesIn } from './support/call.ts'
import { groupId, simulated, webGroup } from './support/simulated.ts'

const HOUR_MS = 3_600_000
const foreign = [{ name: 'foreign', priority: 300, ports: '443' }]
const ruleId = (name: string) => `${webGroup}/securityRules/${name}`
const body = (...rules: readonly object[]) => ({ location: 'westeurope', properties: { securityRules: rules } })

describe('a write in progress', () => {
  it('takes its time by the clock: shown at once, in force when it has ended', async () => {
    const clock = handClock()
    const { arm, simulator, machine } = await simulated(undefined, { clock, operationMs: 240_000 })
    const passes = () =>
      simulator.packetPasses({ vmId: machine('web').vmId, source: '203.0.113.7', port: 22, protocol: 'TCP' }).passes
    const written = await arm.put(webGroup, body(rule('ssh', 100)))
    expect(groupIn(written).properties.provisioningState).toBe('Updating')
    await clock.advance(239_999)
    expect(await arm.poll(written)).toMatchObject({ body: { status: 'InProgress' } })
    expect(ruleNamesIn(await arm.get(webGroup))).toEqual(['ssh'])
    expect(passes()).toBe(false)
    await clock.advance(1)
    expect(await arm.poll(written)).toMatchObject({ body: { status: 'Succeeded' } })
    expect(groupIn(await arm.get(webGroup)).properties.provisioningState).toBe('Succeeded')
    expect(passes()).toBe(true)
  })

  it('is told as InProgress to as many polls as wanted', async () => {
    const { arm, simulator } = await simulated()
    simulator.misbehave.slowOperation({ polls: 3 }, { times: 1 })
    const written = await arm.put(webGroup, body(rule('ssh', 100)))
    const seen: unknown[] = []
    for (let poll = 0; poll < 5; poll++) seen.push((await arm.poll(written)).body)
    expect(seen).toEqual([
      ...Array<object>(3).fill({ status: 'InProgress' }),
      ...Array<object>(2).fill({ status: 'Succeeded' }),
    ])
    expect(groupIn(await arm.put(webGroup, body())).properties.provisioningState).toBe('Succeeded')
  })

  it('asks to be polled later when told so', async () => {
    const { arm, simulator } = await simulated(undefined, { operationMs: HOUR_MS })
    simulator.settings.pollAfterSeconds = 7
    const written = await arm.put(webGroup, body())
    expect([written.headers['retry-after'], (await arm.poll(written)).headers['retry-after']]).toEqual(['7', '7'])
  })

  it('may be answered as Succeeded at once, though its operation has not ended', async () => {
    const { arm, simulator } = await simulated(undefined, { operationMs: HOUR_MS })
    simulator.settings.answersEarly = true
    const written = await arm.put(webGroup, body(rule('ssh', 100)))
    expect(written).toMatchObject({ status: 200, body: { properties: { provisioningState: 'Succeeded' } } })
    expect(await arm.poll(written)).toMatchObject({ body: { status: 'InProgress' } })
    expect(groupIn(await arm.put(groupId('fresh'), body())).properties.provisioningState).toBe('Updating')
  })

  it('changes the etag once more when it ends, if wanted', async () => {
    const { arm, simulator } = await simulated()
    for (const [changes, same] of [
      [false, true],
      [true, false],
    ] as const) {
      simulator.settings.etagChangesWhenDone = changes
      simulator.misbehave.slowOperation({ polls: 1 }, { times: 1 })
      const written = await arm.put(webGroup, body())
      await arm.poll(written)
      await arm.poll(written)
      expect(groupIn(await arm.get(webGroup)).etag === groupIn(written).etag).toBe(same)
    }
  })

  it('may fail: what was before is there again, in a failed state and under a new etag', async () => {
    const { arm, simulator } = await simulated([{ name: 'web', rules: foreign }])
    simulator.misbehave.slowOperation({ polls: 1 })
    simulator.misbehave.failOperation({ code: 'SecurityRuleConflict', message: 'boom' }, { times: 1 })
    const written = await arm.put(webGroup, body(rule('ssh', 100)))
    await arm.poll(written)
    expect((await arm.poll(written)).body).toEqual({
      status: 'Failed',
      error: { code: 'SecurityRuleConflict', message: 'boom' },
    })
    const shown = await arm.get(webGroup)
    expect(ruleNamesIn(shown)).toEqual(['foreign'])
    expect(groupIn(shown).properties.provisioningState).toBe('Failed')
    expect(groupIn(shown).etag).not.toBe(groupIn(written).etag)
  })

  it('may fail and leave its change in force all the same', async () => {
    const { arm, simulator, machine } = await simulated()
    simulator.misbehave.failOperation({ kept: true }, { times: 1 })
    const written = await arm.put(webGroup, body(rule('ssh', 100)))
    expect(await arm.poll(written)).toMatchObject({ body: { status: 'Failed' } })
    expect(ruleNamesIn(await arm.get(webGroup))).toEqual(['ssh'])
    const question = { vmId: machine('web').vmId, source: '203.0.113.7', port: 22, protocol: 'TCP' } as const
    expect(simulator.packetPasses(question).passes).toBe(true)
  })

  it('may fail to make a group, which is then not there', async () => {
    const { arm, simulator } = await simulated()
    simulator.misbehave.slowOperation({ polls: 1 })
    simulator.misbehave.failOperation()
    const made = await arm.put(groupId('fresh'), body())
    await arm.poll(made)
    await arm.poll(made)
    expect((await arm.get(groupId('fresh'))).status).toBe(404)
  })

  it('is not known when nobody began it', async () => {
    const { arm } = await simulated()
    const written = await arm.put(webGroup, body())
    const other = String(written.headers['azure-asyncoperation']).replace(
      /operations\/[^?]*/,
      `operations/${crypto.randomUUID()}`,
    )
    expect(errorIn(await arm.call(other)).code).toBe('OperationNotFound')
  })
})

describe('a second write of a group in the meantime', () => {
  it('cancels the first, in the words of Azure, and both are there', async () => {
    const { arm } = await simulated(undefined, { operationMs: HOUR_MS })
    const first = await arm.put(ruleId('a'), rule('a', 100))
    const second = await arm.put(ruleId('b'), rule('b', 110))
    const [one, two] = [first, second].map(
      ({ headers }) => /operations\/([^?]*)/.exec(String(headers['azure-asyncoperation']))?.[1],
    )
    expect((await arm.poll(first)).body).toEqual({
      status: 'Canceled',
      error: {
        code: 'Canceled',
        message: 'Operation was canceled.',
        details: [
          {
            code: 'CanceledAndSupersededDueToAnotherOperation',
            message: `Operation PutSecurityRuleOperation (${one ?? ''}) was canceled and superseded by operation PutSecurityRuleOperation (${two ?? ''}).`,
          },
        ],
      },
    })
    expect(await arm.poll(second)).toMatchObject({ body: { status: 'InProgress' } })
    expect(ruleNamesIn(await arm.get(webGroup))).toEqual(['a', 'b'])
  })

  it('may as well lose the first', async () => {
    const { arm, simulator } = await simulated([{ name: 'web', rules: foreign }], { operationMs: HOUR_MS })
    simulator.settings.supersededWritesKept = false
    await arm.put(ruleId('a'), rule('a', 100))
    await arm.put(ruleId('b'), rule('b', 110))
    expect(ruleNamesIn(await arm.get(webGroup))).toEqual(['foreign', 'b'])
  })

  it('may be refused as a conflict', async () => {
    const { arm, simulator } = await simulated(undefined, { operationMs: HOUR_MS })
    simulator.settings.concurrentWrites = 'conflict'
    await arm.put(ruleId('a'), rule('a', 100))
    const refused = await arm.put(webGroup, body())
    expect([refused.status, errorIn(refused).code]).toEqual([409, 'AnotherOperationInProgress'])
    expect(ruleNamesIn(await arm.get(webGroup))).toEqual(['a'])
  })

  it('may be refused as retryable: 429, for no quota and without Retry-After', async () => {
    const { arm, simulator } = await simulated(undefined, { operationMs: HOUR_MS })
    simulator.settings.concurrentWrites = 'retryable'
    await arm.put(ruleId('a'), rule('a', 100))
    const refused = await arm.delete(ruleId('a'))
    expect([refused.status, errorIn(refused).code]).toEqual([429, 'RetryableError'])
    expect(errorIn(refused).details?.[0]?.code).toBe('RetryableErrorDueToAnotherOperation')
    expect(refused.headers).not.toHaveProperty('retry-after')
  })

  it('is none of these for another group, or when the first has ended', async () => {
    const clock = handClock()
    const { arm, simulator } = await simulated(undefined, { clock, operationMs: 1_000 })
    simulator.settings.concurrentWrites = 'conflict'
    await arm.put(webGroup, body())
    expect((await arm.put(groupId('other'), body())).status).toBe(201)
    await clock.advance(1_000)
    expect((await arm.put(webGroup, body())).status).toBe(200)
  })
})
