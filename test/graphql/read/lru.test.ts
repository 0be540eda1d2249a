import { expect, it } from 'vitest'
import { createLru } from '../../../src/graphql/read/lru.ts'

it('a bounded memory holds no more than it may, and drops what was used least recently', () => {
  const memory = createLru<number>(10)
  for (let n = 0; n < 10; n += 1) memory.set(`k${String(n)}`, n)
  expect(memory.get('k0')).toBe(0)
  expect(memory.of('k1', () => -1)).toBe(1)
  for (let n = 10; n < 18; n += 1) memory.set(`k${String(n)}`, n)
  expect(memory.size).toBe(10)
  expect([memory.get('k0'), memory.get('k1'), memory.get('k2'), memory.get('k9')]).toEqual([0, 1, undefined, undefined])
})

it('what was used while there was plenty of room is dropped in the order in which it came', () => {
  const memory = createLru<number>(10)
  memory.set('first', 1)
  memory.set('second', 2)
  expect(memory.get('first')).toBe(1)
  for (let n = 0; n < 9; n += 1) memory.set(`k${String(n)}`, n)
  expect([memory.get('first'), memory.get('second')]).toEqual([undefined, 2])
})

it('what is dropped is made anew', () => {
  const memory = createLru<string>(1)
  expect([memory.of('a', () => 'one'), memory.of('a', () => 'two')]).toEqual(['one', 'one'])
  memory.set('b', 'other')
  expect(memory.of('a', () => 'three')).toBe('three')
})
