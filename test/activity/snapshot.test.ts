import { expect, it } from 'vitest'
import { parseSnapshot } from '../../src/activity/snapshot.ts'

it.each([
  ['one that ended before every other', '9', true],
  ['one that is the oldest running', '10', false],
  ['one that ended while an older one runs', '11', true],
  ['one that runs as well', '12', false],
  ['one that has not begun', '15', false],
  ['one that begins long after', '100', false],
])('a snapshot knows whether the log held the rows of a transaction: %s', (_which, transaction, held) => {
  expect(parseSnapshot('10:15:10,12').holds(transaction)).toBe(held)
})

it('starts before the first row that was not final', () => {
  expect(parseSnapshot('10:15:10,12').start).toEqual({ transaction: '10', position: '0' })
  expect(parseSnapshot('10:10:').start).toEqual({ transaction: '10', position: '0' })
  expect(parseSnapshot('10:10:').holds('9')).toBe(true)
})

it('knows from which transaction on the log held nothing', () => {
  const snapshot = parseSnapshot('10:15:10,12')
  expect(['9', '14', '15', '100'].map((transaction) => snapshot.isBefore(transaction))).toEqual([
    false,
    false,
    true,
    true,
  ])
})
