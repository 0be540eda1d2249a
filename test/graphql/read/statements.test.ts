import { describe, expect, it } from 'vitest'
import { createLru } from '../../../src/graphql/read/lru.ts'
import { createStatements } from '../../../src/graphql/read/statements.ts'
import type { Viewer } from '../../../src/access/viewer.ts'
import { textForm } from '../../../src/graphql/read/text-form.ts'

describe('a bounded memory', () => {
  it('forgets what was not used for longest', () => {
    const memory = createLru<string>(2)
    memory.set('a', 'a')
    memory.of('b', () => 'b')
    expect(memory.get('a')).toBe('a')
    memory.of('c', () => 'c')
    expect([memory.size, memory.get('a'), memory.get('b'), memory.get('c')]).toEqual([2, 'a', undefined, 'c'])
  })

  it('makes a thing once as long as it is known', () => {
    const memory = createLru<object>(1)
    const made = memory.of('a', () => ({}))
    expect(memory.of('a', () => ({}))).toBe(made)
    memory.of('b', () => ({}))
    expect(memory.of('a', () => ({}))).not.toBe(made)
  })
})

const viewer: Viewer = {
  actor: { kind: 'PERSON', id: 'rita', name: 'Rita' },
  groups: [],
  appRoles: [],
  rolesHeld: [],
  address: null,
}

describe('statements', () => {
  const statementsOf = (most: number, names: number) => {
    const statements = createStatements(textForm, most, names)
    return { statements, of: (shape: string) => statements.of(shape, viewer, () => `'${shape}'`) }
  }

  it('are prepared under a name from the second run on', () => {
    const { statements, of } = statementsOf(10, 10)
    expect(statements.nameOf(of('a'))).toEqual({})
    const named = statements.nameOf(of('a'))
    expect(named.name).toMatch(/^read_[0-9a-f]{32}$/)
    expect(statements.nameOf(of('a'))).toEqual(named)
  })

  it('are kept in a bounded number, and named in a bounded number for good: a flood of shapes is planned each time', () => {
    const { statements, of } = statementsOf(2, 1)
    const first = of('a')
    for (const shape of ['a', 'a', 'b', 'b', 'c', 'c']) statements.nameOf(of(shape))
    expect(of('a')).not.toBe(first)
    expect([statements.nameOf(of('b')), statements.nameOf(of('b'))]).toEqual([{}, {}])
  })
})
