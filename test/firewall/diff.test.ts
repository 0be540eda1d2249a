import { describe, expect, it } from 'vitest'
import { applyChanges, diffRules } from '../../src/firewall/diff.ts'
import type { Rule } from '../../src/firewall/rule.ts'
import { sameRule } from '../../src/firewall/same.ts'
import { foreignRule } from './rules.ts'

const ours = (name: string, given: Partial<Rule> = {}) => foreignRule(100, { name: `JitGateway-${name}`, ...given })

describe('what is to be written', () => {
  it('is what is missing, what differs and what is not wanted any more', () => {
    const present = [ours('keep'), ours('edit', { priority: 101 }), ours('drop', { priority: 102 })]
    const desired = [ours('keep'), ours('edit', { priority: 103 }), ours('add', { priority: 104 })]
    const changes = diffRules(present, desired)
    expect(changes).toEqual({
      remove: ['JitGateway-drop'],
      put: [ours('edit', { priority: 103 }), ours('add', { priority: 104 })],
    })
    expect(applyChanges(present, changes)).toEqual(desired)
  })

  it('is nothing for rules that are not ours', () => {
    expect(diffRules([foreignRule(100), foreignRule(101, { name: 'MyJitGateway-Allow' })], [])).toEqual({
      remove: [],
      put: [],
    })
  })

  it('is nothing where the cloud only writes the same differently', () => {
    const rule = ours('Allow-1', {
      sources: ['2001:db8::/32', '::1/128'],
      ports: [
        { first: 22, last: 22 },
        { first: 80, last: 80 },
      ],
    })
    const rewritten = ours('allow-1', {
      sources: ['::1', '2001:0db8:0000::/32'],
      ports: rule.ports.toReversed(),
    })
    expect(sameRule(rule, rewritten)).toBe(true)
    expect(diffRules([rewritten], [rule])).toEqual({ remove: [], put: [] })
  })

  it.each<[string, Partial<Rule>]>([
    ['name', { name: 'JitGateway-other' }],
    ['description', { description: 'edited' }],
    ['number', { priority: 200 }],
    ['access', { access: 'DENY' }],
    ['protocol', { protocol: 'UDP' }],
    ['sources', { sources: ['0.0.0.0/0'] }],
    ['source ports', { sourcePorts: [{ first: 1024, last: 65_535 }] }],
    ['destinations', { destinations: ['10.0.0.0/8'] }],
    ['ports', { ports: [{ first: 0, last: 22 }] }],
  ])('tells rules apart by their %s', (_, given) => {
    expect(sameRule(ours('one'), ours('one', given))).toBe(false)
  })
})
