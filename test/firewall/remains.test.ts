import { describe, expect, it } from 'vitest'
import { desiredRules } from '../../src/firewall/desired.ts'
import type { LiveGrant } from '../../src/firewall/input.ts'
import { remainsOf } from '../../src/firewall/remains.ts'
import type { Rule } from '../../src/firewall/rule.ts'
import { foreignRule, grant, grantId } from './rules.ts'

const rulesFor = (...grants: LiveGrant[]) => desiredRules({ machines: [], grants }, []).rules
const left = (ended: LiveGrant, live: LiveGrant[], rules: readonly Rule[]) => remainsOf([ended], live, rules)[0]

describe('of an ended grant', () => {
  const other = grant({ grantId: grantId(2) })

  it('nothing is left when no rule of ours admits its packets', () => {
    const absent = { grantId: grantId(1), status: 'ABSENT', ruleName: null }
    expect(left(grant(), [], [])).toEqual(absent)
    expect(left(grant(), [], [foreignRule(100)])).toEqual(absent)
    const elsewhere = grant({ grantId: grantId(2), port: 23 })
    expect(left(grant(), [elsewhere], rulesFor(elsewhere))).toEqual(absent)
  })

  it('its rule is OPEN while it stands', () => {
    const rules = rulesFor(grant())
    expect(left(grant(), [], rules)).toEqual({ grantId: grantId(1), status: 'OPEN', ruleName: rules[0]?.name })
  })

  it('its rule is SHARED while it stands for live grants, whomever it names', () => {
    const rules = rulesFor(grant(), other)
    expect(rules[0]?.description).toContain(grantId(1))
    expect(left(grant(), [other], rules)).toEqual({ grantId: grantId(1), status: 'SHARED', ruleName: rules[0]?.name })
  })

  it('some is SHARED when a live grant still opens a part of it', () => {
    const ended = grant({ sources: ['203.0.113.0/24'] })
    expect(left(ended, [other], rulesFor(other))?.status).toBe('SHARED')
    expect(left(ended, [other], rulesFor(ended, other))?.status).toBe('OPEN')
  })

  it('a rule of ours that somebody widened is OPEN, though a live grant has it', () => {
    const ended = grant({ sources: ['198.51.100.1/32'] })
    const widened = rulesFor(other).map((rule) => ({ ...rule, sources: ['0.0.0.0/0'] }))
    expect(left(ended, [other], widened)?.status).toBe('OPEN')
  })

  it('its rule is found after its machine got another address, or none', () => {
    const rules = rulesFor(grant())
    expect(left(grant({ addresses: ['10.0.0.99'] }), [], rules)?.status).toBe('OPEN')
    const unnamed = rules.map((rule) => ({ ...rule, description: 'edited' }))
    expect(left(grant({ addresses: [] }), [], unnamed)?.status).toBe('OPEN')
    expect(left(grant({ addresses: [] }), [grant({ grantId: grantId(2) })], unnamed)?.status).toBe('ABSENT')
  })
})
