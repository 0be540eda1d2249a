/** Bounds of a pattern: its length in characters, and what it stands for when repetitions are written out. */
export const bounds = { longestPattern: 200, mostSteps: 256 } as const

/** What a pattern says. */
export type Node =
  | { readonly kind: 'set'; readonly takes: (code: number) => boolean }
  | { readonly kind: 'sequence'; readonly of: readonly Node[] }
  | { readonly kind: 'choice'; readonly of: readonly Node[] }
  /** `most` is null where there is no limit. */
  | { readonly kind: 'repeat'; readonly of: Node; readonly least: number; readonly most: number | null }

type Takes = (code: number) => boolean

const code = (character: string) => character.codePointAt(0) as number
const between = (first: string, last: string): Takes => {
  const [from, to] = [code(first), code(last)]
  return (one) => one >= from && one <= to
}
const any = (...sets: readonly Takes[]): Takes => {
  return (one) => sets.some((takes) => takes(one))
}
const not = (takes: Takes): Takes => {
  return (one) => !takes(one)
}

const digit = between('0', '9')
const word = any(digit, between('a', 'z'), between('A', 'Z'), (one) => one === code('_'))
const space = any(between('\t', '\r'), (one) => one === 32 || one === 160)
const named: Readonly<Record<string, Takes>> = {
  d: digit,
  D: not(digit),
  w: word,
  W: not(word),
  s: space,
  S: not(space),
}

class Fault extends Error {}

/** Reads the text of a pattern: what it says, or why it is none. */
export function parsePattern(text: string): { readonly node: Node } | { readonly fault: string } {
  if (text.length === 0 || text.length > bounds.longestPattern)
    return { fault: `A pattern has 1 to ${bounds.longestPattern} characters.` }
  // The whole text is matched in any case: the marks of its ends say nothing more.
  const characters = Array.from(text.replace(/^\^/, '').replace(/(?<!\\)((?:\\\\)*)\$$/, '$1'))
  let at = 0

  const choice = (): Node => {
    const ways = [sequence()]
    while (characters[at] === '|') {
      at += 1
      ways.push(sequence())
    }
    return ways.length === 1 ? (ways[0] as Node) : { kind: 'choice', of: ways }
  }

  const sequence = (): Node => {
    const of: Node[] = []
    while (at < characters.length && characters[at] !== '|' && characters[at] !== ')') of.push(repeated(atom()))
    return { kind: 'sequence', of }
  }

  const repeated = (of: Node): Node => {
    const times = repetition()
    if (times === null) return of
    if (repetition() !== null) throw new Fault('A repetition cannot be repeated: put it in brackets.')
    return { kind: 'repeat', of, ...times }
  }

  const repetition = (): { readonly least: number; readonly most: number | null } | null => {
    const mark = characters[at] ?? ''
    if (!'*+?{'.includes(mark) || mark === '') return null
    at += 1
    if (mark !== '{') return { least: mark === '+' ? 1 : 0, most: mark === '?' ? 1 : null }
    const close = characters.indexOf('}', at)
    const counts = /^(\d{1,3})(,(\d{1,3})?)?$/.exec(characters.slice(at, close < 0 ? at : close).join(''))
    if (counts === null) throw new Fault('Repetitions are written {2}, {2,} or {2,5}; a brace itself is written \\{.')
    at = close + 1
    const least = Number(counts[1])
    const most = counts[2] === undefined ? least : counts[3] === undefined ? null : Number(counts[3])
    if (most !== null && most < least) throw new Fault('A repetition has its smaller number first.')
    return { least, most }
  }

  const atom = (): Node => {
    const character = characters[at] as string
    at += 1
    if (character === '(') {
      if (characters[at] === '?') throw new Fault('Brackets only group: nothing of the kind (?…) is known.')
      const inside = choice()
      if (characters[at] !== ')') throw new Fault('A bracket is not closed.')
      at += 1
      return inside
    }
    if (character === '[') return { kind: 'set', takes: characterClass() }
    if (character === '.') return { kind: 'set', takes: () => true }
    if (character === '\\') return { kind: 'set', takes: escaped() }
    if ('*+?{}]^$'.includes(character)) throw new Fault(`“${character}” has nothing to refer to: write \\${character}.`)
    return { kind: 'set', takes: between(character, character) }
  }

  const escaped = (): Takes => {
    const character = characters[at]
    at += 1
    if (character === undefined) throw new Fault('The pattern ends in a backslash.')
    const known = named[character]
    if (known !== undefined) return known
    if (/[0-9A-Za-z]/.test(character))
      throw new Fault(`\\${character} is not known: only \\d, \\w, \\s and their opposites.`)
    return between(character, character)
  }

  const characterClass = (): Takes => {
    const opposite = characters[at] === '^'
    if (opposite) at += 1
    const sets: Takes[] = []
    while (characters[at] !== ']') {
      const first = characters[at]
      if (first === undefined) throw new Fault('A class of characters is not closed.')
      at += 1
      if (first === '[') throw new Fault('A class of characters holds no other: write \\[.')
      const single = first === '\\' ? characters[at] : first
      const takes = first === '\\' ? escaped() : between(first, first)
      if (characters[at] !== '-' || characters[at + 1] === ']') {
        sets.push(takes)
        continue
      }
      at += 1
      if (characters[at] === '\\') at += 1
      const last = characters[at]
      at += 1
      if (single === undefined || last === undefined || (first === '\\' && named[single] !== undefined))
        throw new Fault('A range goes from one character to another.')
      if (code(last) < code(single)) throw new Fault('A range has its smaller character first.')
      sets.push(between(single, last))
    }
    at += 1
    if (sets.length === 0) throw new Fault('A class of characters is empty.')
    return opposite ? not(any(...sets)) : any(...sets)
  }

  try {
    const node = choice()
    if (at < characters.length) throw new Fault('A bracket is closed that was not opened.')
    return { node }
  } catch (error) {
    if (error instanceof Fault) return { fault: error.message }
    throw error
  }
}
