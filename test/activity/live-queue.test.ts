import { describe, expect, it } from 'vitest'
import type { Activity } from '../../src/activity/activity.ts'
import { liveQueue } from '../../src/activity/live-queue.ts'

const row = (position: string) => ({ cursor: { transaction: '1', position } }) as Activity
const [one, two, three] = [row('1'), row('2'), row('3')]

describe('a live queue', () => {
  it('gives rows in the order they came, also to a reader that waits already', async () => {
    const queue = liveQueue(2)
    const waiting = queue.next()
    queue.offer(one)
    queue.offer(two)
    expect([await waiting, await queue.next()]).toEqual([one, two])
  })

  it('drops everything when it is full, and takes nothing more until it is restarted', async () => {
    const queue = liveQueue(1)
    for (const offered of [one, two, three]) queue.offer(offered)
    expect(await queue.next()).toBeNull()
    queue.restart()
    queue.offer(three)
    expect(await queue.next()).toBe(three)
  })

  it('ends for good when it is closed, also for a reader that waits', async () => {
    const queue = liveQueue(1)
    const waiting = queue.next()
    queue.close()
    queue.restart()
    queue.offer(one)
    expect([await waiting, await queue.next()]).toEqual([null, null])
  })
})
