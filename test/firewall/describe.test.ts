import { describe, expect, it } from 'vitest'
import { overdueRules, readDescription } from '../../src/firewall/describe.ts'
import { desiredRules } from '../../src/firewall/desired.ts'
import type { Rule } from '../../src/firewall/rule.ts'
import { foreignRule, grant, grantId } from './rules.ts'

const endsAt = '2026-01-01T12:00:00.000Z'
const grants = [grant({ endsAt }), grant({ grantId: grantId(2), endsAt })]
const [rule] = desiredRules({ machines: [], grants }, []).rules as [Rule]

describe('from the cloud alone', () => {
  it('the grant and the end of a rule can be read', () => {
    expect(readDescription(rule)).toEqual({ grantId: grantId(1), endsAtMs: Date.parse(endsAt) })
  })

  it('an allow is overdue from its end on', () => {
    expect(overdueRules([rule], '2026-01-01T11:59:59.999Z')).toEqual([])
    expect(overdueRules([rule], endsAt)).toEqual([rule])
  })

  it('nothing else is overdue: no foreign rule, no deny, none whose description was rewritten', () => {
    const { description } = rule
    const others = [
      foreignRule(100, { description }),
      { ...rule, access: 'DENY' as const },
      { ...rule, description: 'temporary' },
      { ...rule, description: `JIT Gateway grant ${grantId(1)} until tomorrow.` },
    ]
    expect(overdueRules(others, '2030-01-01T00:00:00.000Z')).toEqual([])
  })
})
