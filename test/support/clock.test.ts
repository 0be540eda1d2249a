import { describe, expect, it } from 'vitest'
import { pause } from '../../src/time/clock.ts'
import { handClock } from './clock.ts'

describe('a hand-driven clock', () => {
  it('runs what is due, each at its own moment and in the order of their moments', async () => {
    const clock = handClock(0)
    const ran: string[] = []
    for (const delay of [30, 10, 20, 10, 41]) clock.after(delay, () => ran.push(`${delay} at ${clock.now()}`))
    await clock.advance(40)
    expect(ran).toEqual(['10 at 10', '10 at 10', '20 at 20', '30 at 30'])
    expect(clock.now()).toBe(40)
    expect(clock.waiting).toBe(1)
  })

  it('runs what a timer sets within the time that passes', async () => {
    const clock = handClock(0)
    const ran: number[] = []
    const again = () => {
      ran.push(clock.now())
      clock.after(10, again)
    }
    clock.after(10, again)
    await clock.advance(35)
    expect(ran).toEqual([10, 20, 30])
  })

  it('lets what waits go on before the next timer', async () => {
    const clock = handClock(0)
    const woken: number[] = []
    const twice = async () => {
      await pause(clock, 5)
      woken.push(clock.now())
      await pause(clock, 5)
      woken.push(clock.now())
    }
    const done = twice()
    await clock.advance(100)
    await done
    expect(woken).toEqual([5, 10])
  })

  it('never runs what was cancelled', async () => {
    const clock = handClock(0)
    const ran: string[] = []
    clock.after(10, () => ran.push('cancelled'))()
    await clock.advance(20)
    expect(ran).toEqual([])
  })
})
