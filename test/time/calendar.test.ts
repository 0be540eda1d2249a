import { describe, expect, it } from 'vitest'
import { createCalendar } from '../../src/time/calendar.ts'
import { handClock } from '../support/clock.ts'

/** A calendar, what was due of it, and its clock. */
function calendar() {
  const clock = handClock()
  const due: string[] = []
  return { clock, due, start: clock.now(), calendar: createCalendar<string>(clock, (item) => void due.push(item)) }
}

describe('a calendar', () => {
  it('hands each item over at its moment and not before, with one timer for all of a moment', async () => {
    const { clock, due, start, calendar: entries } = calendar()
    for (const item of ['a', 'b', 'c']) entries.add(start + 1_000, item)
    entries.add(start + 2_000, 'd')
    expect(clock.waiting).toBe(2)
    await clock.advance(999)
    expect(due).toEqual([])
    await clock.advance(1)
    expect(due).toEqual(['a', 'b', 'c'])
    await clock.advance(1_000)
    expect([due.at(-1), clock.waiting]).toEqual(['d', 0])
  })

  it('forgets what is struck out, and a moment with the last of it', async () => {
    const { clock, due, start, calendar: entries } = calendar()
    for (const item of ['a', 'b']) entries.add(start + 1_000, item)
    entries.delete(start + 1_000, 'a')
    expect(clock.waiting).toBe(1)
    entries.delete(start + 1_000, 'b')
    expect(clock.waiting).toBe(0)
    entries.add(start + 1_000, 'c')
    await clock.advance(1_000)
    expect(due).toEqual(['c'])
  })

  it('may be asked to strike out what was due, or never entered', async () => {
    const { clock, start, calendar: entries } = calendar()
    entries.add(start + 1_000, 'a')
    entries.delete(start + 1_000, 'b')
    entries.delete(start + 5_000, 'a')
    expect(clock.waiting).toBe(1)
    await clock.advance(1_000)
    entries.delete(start + 1_000, 'a')
    expect(clock.waiting).toBe(0)
  })

  it('hands over at once what is entered after its moment', async () => {
    const { clock, due, start, calendar: entries } = calendar()
    entries.add(start - 1, 'late')
    await clock.advance(0)
    expect(due).toEqual(['late'])
  })
})
