import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { matchesPattern, readPattern, type TextPattern } from '../../src/access/text-pattern.ts'

function read(text: string): TextPattern {
  const pattern = readPattern(text)
  if ('fault' in pattern) throw new Error(`${text}: ${pattern.fault}`)
  return pattern
}
const matches = (pattern: string, text: string) => matchesPattern(read(pattern), text)

describe('A pattern', () => {
  it.each([
    ['(INC|CHG)\\d{7}', 'INC0012345', 'INC001234'],
    ['[A-Z]{2,5}-\\d+', 'SHOP-17', 'shop-17'],
    ['^[A-Z]+-[0-9]+$', 'OPS-1', 'see OPS-1'],
    ['.{20,}', 'a reason that is long enough', 'too short'],
    ['.*(deploy|rollback).*', 'hotfix:\ndeploy 7 ☃', 'none of it'],
    ['[^\\s]+', 'one-word', 'two words'],
    ['[-\\w.]+@[\\]x]', 'a.b-c@]', 'a b@x'],
    ['a\\{2\\}', 'a{2}', 'aa'],
    ['🔑{2}', '🔑🔑', '🔑'],
    ['(a*)*b?', 'aaab', 'aabb'],
    ['a{2,3}', 'aaa', 'aaaa'],
    ['x|', '', 'y'],
  ])('%s is met by the whole of %j and not by %j', (pattern, met, not) => {
    expect([matches(pattern, met), matches(pattern, not)]).toEqual([true, false])
  })

  it('may mark its ends, which are those of the text in any case', () => {
    expect(matches('^a$', 'a')).toBe(true)
    expect(matches('a\\$', 'a$')).toBe(true)
    expect(matches('a\\\\$', 'a\\')).toBe(true)
  })

  it.each([
    ['', '1 to 200'],
    ['a'.repeat(201), '1 to 200'],
    ['(a', 'not closed'],
    ['a)', 'not opened'],
    ['[a', 'not closed'],
    ['[]', 'empty'],
    ['[z-a]', 'smaller'],
    ['[\\d-z]', 'range'],
    ['[[a]]', 'holds no other'],
    ['a{3,2}', 'smaller'],
    ['a{,2}', '{2,5}'],
    ['a{1', '{2,5}'],
    ['*a', 'nothing to refer to'],
    ['a**', 'cannot be repeated'],
    ['a+?', 'cannot be repeated'],
    ['a^b', 'nothing to refer to'],
    ['\\', 'backslash'],
    ['(a)\\1', '\\1 is not known'],
    ['\\bword', '\\b is not known'],
    ['(?=a)b', 'only group'],
    ['(?:a)b', 'only group'],
    ['(?<=a)b', 'only group'],
    ['a{257}', 'too much'],
    ['((a{100}){100}){100}', 'too much'],
    ['((((){100}){100}){100}){100}', 'too much'],
  ])('%j is none, and is told why: %s', (pattern, why) => {
    expect(readPattern(pattern)).toMatchObject({ fault: expect.stringContaining(why) })
  })

  it('is matched in a time that no text can stretch, where an engine that goes back would never end', () => {
    const text = `${'a'.repeat(999)}!`
    const begun = performance.now()
    for (const pattern of ['(a*)*', '(a|a)*', '(a+)+', '((a{0,9}){0,9})*', '(.*a){20}', '(a?){80}a{80}'])
      expect(matches(pattern, text)).toBe(false)
    expect(performance.now() - begun).toBeLessThan(2_000)
  })
})

/** Patterns of the language as text, few characters so that texts often meet them. */
const patterns = fc.letrec<{ choice: string; sequence: string; piece: string; atom: string }>((tie) => ({
  choice: fc.array(tie('sequence'), { minLength: 1, maxLength: 3 }).map((ways) => ways.join('|')),
  sequence: fc.array(tie('piece'), { minLength: 1, maxLength: 3 }).map((all) => all.join('')),
  piece: fc
    .tuple(tie('atom'), fc.constantFrom('', '', '', '*', '+', '?', '{2}', '{1,}', '{0,2}', '{1,3}'))
    .map(([atom, times]) => atom + times),
  atom: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom(
      'a',
      'b',
      '1',
      '_',
      ' ',
      '.',
      '\\d',
      '\\w',
      '\\s',
      '\\D',
      '\\W',
      '\\.',
      '[ab]',
      '[^a]',
      '[a-c1-]',
      '[\\d_]',
    ),
    tie('choice').map((inside) => `(${inside})`),
  ),
})).choice
const texts = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '1', '_', ' ', '.', '-', '\n', 'é'), maxLength: 8 })

/** What the engine's expressions say of each text, or null when going back and forth takes them over a quarter of a second: that has no end. */
function asExpression(pattern: string, all: readonly string[]): boolean[] | null {
  try {
    const said: unknown = runInNewContext(
      'JSON.stringify(texts.map((text) => new RegExp(pattern, "su").test(text)))',
      { pattern: `^(?:${pattern})$`, texts: all },
      { timeout: 250 },
    )
    return JSON.parse(String(said)) as boolean[]
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return null
    throw error
  }
}

describe('The language of patterns', () => {
  it('is that of regular expressions: whatever it takes, it says what they say', () => {
    let met = 0
    let undecided = 0
    fc.assert(
      fc.property(patterns, fc.array(texts, { minLength: 1, maxLength: 10 }), (pattern, all) => {
        const read_ = readPattern(pattern)
        if ('fault' in read_) return
        const expected = asExpression(pattern, all)
        if (expected === null) return void undecided++
        expect(all.map((text) => matchesPattern(read_, text))).toEqual(expected)
        met += expected.filter(Boolean).length
      }),
      { numRuns: 2_000, endOnFailure: true },
    )
    expect(met).toBeGreaterThan(500)
    expect(undecided).toBeLessThan(20)
  })
})
