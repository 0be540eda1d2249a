import { describe, expect, it } from 'vitest'
import type { PolicyTemplate } from '../../src/access/template.ts'
import { changesOf, readTemplates, templateBounds, type TemplateInput } from '../../src/access/template-set.ts'
import { told } from '../commands/support/look.ts'

const many = <Thing>(count: number, make: (place: number) => Thing) => Array.from({ length: count }, (_, n) => make(n))

describe('a set of templates', () => {
  it.each<[string, TemplateInput[], string[]]>([
    ['none, for a scope that is to have none', [], []],
    ['one that says nothing but its name', [{ name: 'all' }], []],
    ['a name of nothing', [{ name: '  ' }], ['INVALID_INPUT at templates.0.name']],
    ['a name that is too long', [{ name: 'x'.repeat(81) }], ['INVALID_INPUT at templates.0.name']],
    ['a name given twice', [{ name: 'Prod' }, { name: 'prod ' }], ['INVALID_INPUT at templates.1.name']],
    [
      'a port that is none',
      [{ name: 'a' }, { name: 'b', ports: [{ port: 0 }] }],
      ['INVALID_INPUT at templates.1.ports.0.port'],
    ],
    ['no ports', [{ name: 'a', ports: [] }], ['INVALID_INPUT at templates.0.ports']],
    [
      'ports and the recommended ones',
      [{ name: 'a', ports: [{ port: 22 }], recommended: true }],
      ['INVALID_INPUT at templates.0.recommended'],
    ],
    [
      'a pattern that is none',
      [{ name: 'a', ticketRule: { required: true, pattern: '(' } }],
      ['INVALID_INPUT at templates.0.ticketRule.pattern'],
    ],
    ['a tag without a name', [{ name: 'a', tags: [{ name: '' }] }], ['INVALID_INPUT at templates.0.tags.0']],
    [
      'a tag named twice',
      [{ name: 'a', tags: [{ name: 'env' }, { name: 'ENV', value: 'x' }] }],
      ['INVALID_INPUT at templates.0.tags.1'],
    ],
    [
      'too many tags',
      [{ name: 'a', tags: many(templateBounds.mostTags + 1, (n) => ({ name: `t${n}` })) }],
      ['LIMIT_EXCEEDED at templates.0.tags'],
    ],
    [
      'too many templates',
      many(templateBounds.mostTemplates + 1, (n) => ({ name: `t${n}` })),
      ['LIMIT_EXCEEDED at templates'],
    ],
  ])('of %s is answered at its place', (_what, input, errors) => {
    expect(told(readTemplates(input).userErrors)).toEqual(errors)
  })

  it('creates, changes, keeps and removes templates by their names, whatever their case', () => {
    const [kept, changed, created] = readTemplates([
      { name: 'kept', tags: [{ name: 'env', value: 'prod' }] },
      { name: 'CHANGED', recommended: true },
      { name: 'new' },
    ]).templates
    if (kept === undefined || changed === undefined || created === undefined) throw new Error('none was read')
    const current: PolicyTemplate[] = [
      // As the database gives it back: its keys in an order of its own.
      { id: '1', scope: '/', version: 3, whenLeft: kept.whenLeft, terms: kept.terms, tags: kept.tags, name: 'kept' },
      { id: '2', scope: '/', version: 1, ...changed, name: 'changed' },
      { id: '3', scope: '/', version: 1, ...created, name: 'gone' },
    ]
    const changes = changesOf(current, [kept, changed, created])
    expect(changes.map(({ change, name, before }) => [change, name, before?.id ?? null])).toEqual([
      ['KEEP', 'kept', '1'],
      ['CHANGE', 'CHANGED', '2'],
      ['CREATE', 'new', null],
      ['REMOVE', 'gone', '3'],
    ])
  })
})
