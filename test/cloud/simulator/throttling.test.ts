import { describe, expect, it } from 'vitest'
import { handClock } from '../../support/clock.ts'
import type { Quotas } from '../../../src/cloud/simulator/settings.ts'
import { defaultSettings } from '../../../src/cloud/simulator/settings.ts'
import { errorIn, type Reply } from './support/call.ts'
import { resourceGroup, simulated, webGroup } from './support/simulated.ts'

const empty = { location: 'westeurope', properties: { securityRules: [] } }
const machines = `${resourceGroup}/providers/Microsoft.Compute/virtualMachines`
const told = ({ status, headers }: Reply) => [status, headers['retry-after']]

async function withQuotas(quotas: Partial<Quotas>) {
  const clock = handClock()
  const all = await simulated(undefined, { clock })
  all.simulator.settings.enforceQuotas = true
  all.simulator.settings.quotas = { ...all.simulator.settings.quotas, ...quotas }
  return { clock, ...all }
}

describe('the quotas', () => {
  it("are Azure's published ones", () => {
    expect(defaultSettings(0).quotas).toEqual({
      reads: { bucket: 250, perSecond: 25 },
      writes: { bucket: 200, perSecond: 10 },
      deletes: { bucket: 200, perSecond: 10 },
      networkReads: 10_000,
      networkWrites: 1_000,
    })
  })

  it('are told in headers and not enforced, unless wanted', async () => {
    const { arm, simulator } = await simulated(undefined, { clock: handClock() })
    simulator.settings.quotas.writes = { bucket: 2, perSecond: 1 }
    const answers = [await arm.put(webGroup, empty), await arm.put(webGroup, empty), await arm.put(webGroup, empty)]
    expect(answers.map(told)).toEqual(Array(3).fill([200, undefined]))
    const left = answers.map(({ headers }) => [
      headers['x-ms-ratelimit-remaining-subscription-writes'],
      headers['x-ms-ratelimit-remaining-subscription-global-writes'],
    ])
    expect(left).toEqual([
      ['1', '15'],
      ['0', '0'],
      ['0', '0'],
    ])
    expect((await arm.get(webGroup)).headers['x-ms-ratelimit-remaining-subscription-global-reads']).toBe('3735')
    const deleted = await arm.delete(`${webGroup}/securityRules/none`)
    expect(deleted.headers['x-ms-ratelimit-remaining-subscription-global-deletes']).toBe('2985')
  })

  it('refuse with 429 what is more than the bucket holds, until it has filled again', async () => {
    const { arm, clock } = await withQuotas({ reads: { bucket: 2, perSecond: 0.5 } })
    const answers = [await arm.get(webGroup), await arm.get(webGroup), await arm.get(webGroup)]
    expect(answers.map(told)).toEqual([
      [200, undefined],
      [200, undefined],
      [429, '2'],
    ])
    expect(errorIn(await arm.get(webGroup)).code).toBe('SubscriptionRequestsThrottled')
    await clock.advance(2_000)
    expect(told(await arm.get(webGroup))).toEqual([200, undefined])
  })

  it('renew the wait of who comes back too early', async () => {
    const { arm, clock } = await withQuotas({ reads: { bucket: 1, perSecond: 0.1 } })
    await arm.get(webGroup)
    expect(told(await arm.get(webGroup))).toEqual([429, '10'])
    await clock.advance(9_999)
    expect(told(await arm.get(webGroup))).toEqual([429, '1'])
    await clock.advance(999)
    expect(told(await arm.get(webGroup))).toEqual([429, '1'])
    await clock.advance(1_000)
    expect((await arm.get(webGroup)).status).toBe(200)
  })

  it('count reads, writes and deletes apart', async () => {
    const one = { bucket: 1, perSecond: 0.01 }
    const { arm } = await withQuotas({ reads: one, writes: one, deletes: one })
    const calls = [
      () => arm.get(webGroup),
      () => arm.put(webGroup, empty),
      () => arm.delete(`${webGroup}/securityRules/none`),
    ]
    for (const call of calls) expect((await call()).status).toBeLessThan(300)
    for (const call of calls) expect((await call()).status).toBe(429)
  })

  it('of Microsoft.Network are for five minutes, for its own resources only, and refuse in its words', async () => {
    const { arm, clock } = await withQuotas({ networkWrites: 3, networkReads: 3 })
    for (let write = 0; write < 3; write++) expect((await arm.put(webGroup, empty)).status).toBe(200)
    const refused = await arm.put(webGroup, empty)
    expect(told(refused)).toEqual([429, '100'])
    expect(errorIn(refused).code).toBe('RetryableError')
    expect(errorIn(refused).details?.[0]?.code).toBe('RetryableErrorDueToTooManyCalls')
    await clock.advance(100_000)
    expect((await arm.put(webGroup, empty)).status).toBe(200)
    for (let read = 0; read < 4; read++) expect((await arm.get(machines)).status).toBe(200)
  })
})
