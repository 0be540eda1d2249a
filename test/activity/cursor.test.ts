import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Cursor } from '../../src/activity/activity.ts'
import { compareCursors, encodeCursor, parseCursor } from '../../src/activity/cursor.ts'

const cursors = fc.record({
  transaction: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String),
  position: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }).map(String),
})

/** The text of something that only looks like a cursor. */
const text = (inside: string) => Buffer.from(inside).toString('base64url')

describe('the text of a cursor', () => {
  it('stands for the same place again', () => {
    fc.assert(
      fc.property(cursors, (cursor) => {
        expect(parseCursor(encodeCursor(cursor))).toEqual(cursor)
      }),
    )
  })

  it('is safe in a URL', () => {
    fc.assert(
      fc.property(cursors, (cursor) => {
        expect(encodeCursor(cursor)).toMatch(/^[\w-]+$/)
      }),
    )
  })

  it.each([
    ['nothing', ''],
    ['no cursor at all', 'hello'],
    ['a cursor of a later form', text('2.1.1')],
    ['a negative position', text('1.1.-1')],
    ['a transaction that Postgres has not', text(`1.${2n ** 64n}.1`)],
    ['a position that Postgres has not', text(`1.1.${2n ** 63n}`)],
    ['something after the cursor', text('1.1.1;')],
    ['a cursor in another spelling', `${text('1.10.10')}=`],
    ['a numeral in another spelling', text('1.01.1')],
  ])('is not %s', (_what, given) => {
    expect(parseCursor(given)).toBeNull()
  })
})

describe('the order of cursors', () => {
  const place = (transaction: string, position: string): Cursor => ({ transaction, position })

  it('is by transaction first, as numbers', () => {
    expect(compareCursors(place('9', '50'), place('10', '2'))).toBeLessThan(0)
    expect(compareCursors(place('10', '2'), place('9', '50'))).toBeGreaterThan(0)
  })

  it('is by position within a transaction, as numbers', () => {
    expect(compareCursors(place('9', '9'), place('9', '10'))).toBeLessThan(0)
    expect(compareCursors(place('9', '10'), place('9', '10'))).toBe(0)
  })
})
