import { describe, expect, it } from 'vitest'
import { readDescription } from '../../src/firewall/describe.ts'
import { desiredRules } from '../../src/firewall/desired.ts'
import type { Rule } from '../../src/firewall/rule.ts'
import { strayAllows } from '../../src/firewall/stray.ts'
import { foreignRule, grant, grantId } from './rules.ts'

const endsAt = '2026-01-01T12:00:00.000Z'
const grants = [grant({ endsAt }), grant({ grantId: grantId(2), endsAt })]
const [rule] = desiredRules({ machines: [], grants }, []).rules as [Rule]

describe('from the cloud alone', () => {
  it('the grant and the end of a rule can be read', () => {
    expect(readDescription(rule)).toEqual({ grantId: grantId(1), endsAtMs: Date.parse(endsAt) })
  })

  it('an allow is overdue from its end on, and for whoever gives its closer time, so much later', () => {
    const end = Date.parse(endsAt)
    const named = { grantId: grantId(1), endsAtMs: end }
    expect(strayAllows([rule], end - 1, 0)).toEqual([])
    expect(strayAllows([rule], end, 0)).toEqual([{ rule, reason: 'OVERDUE', named }])
    expect(strayAllows([rule], end + 999, 1_000)).toEqual([])
    expect(strayAllows([rule], end + 1_000, 1_000)).toHaveLength(1)
  })

  it('an allow of ours that names no grant, or no end, is nobody’s', () => {
    const rewritten = ['temporary', `JIT Gateway grant ${grantId(1)} until tomorrow.`, ''].map((description) => ({
      ...rule,
      description,
    }))
    expect(strayAllows(rewritten, 0, 0).map(({ reason }) => reason)).toEqual(['UNKNOWN', 'UNKNOWN', 'UNKNOWN'])
  })

  it('no foreign rule and no deny is ever stray', () => {
    const others = [foreignRule(100, { description: rule.description }), { ...rule, access: 'DENY' as const }]
    expect(strayAllows(others, Date.parse('2030-01-01T00:00:00Z'), 0)).toEqual([])
  })
})
