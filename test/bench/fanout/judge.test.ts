import { describe, expect, it } from 'vitest'
import { committedLog, judge } from './judge.ts'

const log = committedLog(Int32Array.of(11, 12, 14, 13, 15, 16))
const judged = (received: readonly number[], whole = true) => judge(log, Int32Array.from(received), whole)
const faultless = { lost: 0, doubled: 0, disordered: 0, foreign: 0 }

describe('the judge of what a subscriber was given', () => {
  it('finds no fault in the whole log, or in all of it from the first event that was given', () => {
    expect(judged([11, 12, 14, 13, 15, 16])).toEqual(faultless)
    expect(judged([13, 15, 16])).toEqual(faultless)
  })

  it('counts every event that never came, in the middle, at the end, or all of them', () => {
    expect(judged([11, 14, 15, 16])).toEqual({ ...faultless, lost: 2 })
    expect(judged([11, 12, 14, 13])).toEqual({ ...faultless, lost: 2 })
    expect(judged([])).toEqual({ ...faultless, lost: 6 })
  })

  it('does not miss what came after one was cut off, but what is missing before', () => {
    expect(judged([11, 12, 14], false)).toEqual(faultless)
    expect(judged([], false)).toEqual(faultless)
    expect(judged([11, 14, 13], false)).toEqual({ ...faultless, lost: 1 })
  })

  it('counts an event that came again, at once or later', () => {
    expect(judged([11, 11, 12, 14, 13, 15, 16, 12])).toEqual({ ...faultless, doubled: 2 })
  })

  it('judges order by the log, not by number', () => {
    expect(judged([11, 12, 13, 14, 15, 16])).toEqual({ ...faultless, disordered: 1 })
  })

  it('tells what is no event of the log', () => {
    expect(judged([11, 12, 14, 99, 13, 15, 16])).toEqual({ ...faultless, foreign: 1 })
  })
})
