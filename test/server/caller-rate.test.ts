import { describe, expect, it } from 'vitest'
import { createCallerRate, takeInTurn } from '../../src/server/caller-rate.ts'
import { handClock } from '../support/clock.ts'

/** A rate of one a second, of which nothing is left; it fails when it is asked over and over. */
function exhausted() {
  const clock = handClock()
  const rate = createCallerRate(1, clock)
  while (rate.take('ada') === 0);
  let asked = 0
  const take = (actorId: string) => {
    asked += 1
    if (asked > 100) throw new Error('the rate is asked without end')
    return rate.take(actorId)
  }
  return { clock, rate: { take } }
}

describe('who waits to send one more operation', () => {
  it('may once there is one again', async () => {
    const { clock, rate } = exhausted()
    const taken = takeInTurn(rate, 'ada', clock, new AbortController().signal)
    expect(clock.waiting).toBe(1)
    await clock.advance(1_000)
    expect(await taken).toBe(true)
    expect(rate.take('ada')).toBeGreaterThan(0)
  })

  it('is let go when the wait is given up, though there is none yet', async () => {
    const { clock, rate } = exhausted()
    const stop = new AbortController()
    const taken = takeInTurn(rate, 'ada', clock, stop.signal)
    stop.abort()
    expect(await taken).toBe(false)
    expect(await takeInTurn(rate, 'ada', clock, stop.signal)).toBe(false)
  })
})
