import { expect, it } from 'vitest'
import { createPacing } from '../../../src/cloud/aws/pacing.ts'
import { handClock } from '../../support/clock.ts'

const never = new AbortController().signal

/** Notes when each of some calls of an action may be sent, in milliseconds from now. */
async function turns(pacing: ReturnType<typeof createPacing>, clock: ReturnType<typeof handClock>, action: string) {
  const from = clock.now()
  const sent: number[] = []
  const calls = [1, 2, 3].map(() => pacing.turn(action, never).then(() => sent.push(clock.now() - from)))
  for (let step = 0; step < 8; step++) await clock.advance(125)
  await Promise.all(calls)
  return sent
}

it('calls go as they come until one is refused; then those of its action go four a second, for ten seconds', async () => {
  const clock = handClock()
  const pacing = createPacing(clock)
  expect(await turns(pacing, clock, 'Create')).toEqual([0, 0, 0])
  pacing.refused('Create')
  expect(await turns(pacing, clock, 'Create')).toEqual([250, 500, 750])
  expect(await turns(pacing, clock, 'Revoke')).toEqual([0, 0, 0])
  await clock.advance(10_000)
  expect(await turns(pacing, clock, 'Create')).toEqual([0, 0, 0])
})

it('who waits for a turn is let go when the call is given up', async () => {
  const pacing = createPacing(handClock())
  pacing.refused('Create')
  const stop = new AbortController()
  const waiting = pacing.turn('Create', stop.signal)
  stop.abort()
  await waiting
})
