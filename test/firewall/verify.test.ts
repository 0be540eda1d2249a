import { describe, expect, it } from 'vitest'
import { desiredRules } from '../../src/firewall/desired.ts'
import type { Rule } from '../../src/firewall/rule.ts'
import { verifyGrants } from '../../src/firewall/verify.ts'
import { foreignRule, grant, grantId, machine } from './rules.ts'

const input = { machines: [machine()], grants: [grant()] }
const [allow, deny] = desiredRules(input, []).rules as [Rule, Rule]
const verify = (...rules: Rule[]) => verifyGrants(input, rules)[0]

describe('a live grant', () => {
  it('is OPEN when its rule is there and nothing stops its packets before', () => {
    expect(verify(deny, allow)).toEqual({
      grantId: grantId(1),
      status: 'OPEN',
      ruleName: allow.name,
      blockedBy: null,
    })
  })

  it('is ABSENT without its rule, though others may let its packets through', () => {
    const absent = { grantId: grantId(1), status: 'ABSENT', ruleName: null, blockedBy: null }
    expect(verify()).toEqual(absent)
    expect(verify(deny, foreignRule(200))).toEqual(absent)
    expect(verify({ ...allow, access: 'DENY' })).toEqual(absent)
    expect(verify({ ...allow, sources: ['203.0.113.8/32'] })).toEqual(absent)
    expect(verify({ ...allow, sourcePorts: [{ first: 1024, last: 65_535 }] })).toEqual(absent)
  })

  it('is BLOCKED by a deny ahead of its rule, ours or foreign, that may stop some of its packets', () => {
    const blocked = (blockedBy: string) => ({ grantId: grantId(1), status: 'BLOCKED', ruleName: allow.name, blockedBy })
    expect(verify({ ...allow, priority: 950 }, deny)).toEqual(blocked(deny.name))
    for (const given of [{}, { sources: ['Internet'] }, { sources: ['203.0.113.4/30'] }, { destinations: ['asg'] }]) {
      const foreign = foreignRule(99, { access: 'DENY', ...given })
      expect(verify(foreign, allow, deny)).toEqual(blocked(foreign.name))
    }
  })

  it('is OPEN in spite of a deny that is for others, or stands behind', () => {
    for (const given of [
      { sources: ['192.0.2.0/24'] },
      { protocol: 'UDP' as const },
      { destinations: ['10.0.0.5/32'] },
    ])
      expect(verify(foreignRule(99, { access: 'DENY', ...given }), allow)?.status).toBe('OPEN')
    expect(verify(allow, foreignRule(101, { access: 'DENY' }))?.status).toBe('OPEN')
  })

  it('is OPEN behind a deny when a foreign allow has let all of its packets through before', () => {
    const stop = foreignRule(99, { access: 'DENY' })
    expect(verify(foreignRule(98), stop, allow)?.status).toBe('OPEN')
    expect(verify(foreignRule(98, { sources: ['VirtualNetwork'] }), stop, allow)?.status).toBe('BLOCKED')
  })

  it('is found by its rule however the cloud writes the name', () => {
    expect(verify({ ...allow, name: allow.name.toUpperCase() })).toMatchObject({
      status: 'OPEN',
      ruleName: allow.name.toUpperCase(),
    })
  })
})

it('a grant in both address families is OPEN only by both its rules', () => {
  const dual = { ...input, grants: [grant({ addresses: ['10.0.0.4', 'fd00::4'], sources: ['0.0.0.0/0', '::/0'] })] }
  const rules = desiredRules(dual, []).rules
  const v6 = rules.find((rule) => rule.access === 'ALLOW' && rule.sources.includes('::/0')) as Rule
  const v4 = rules.find((rule) => rule.sources.includes('0.0.0.0/0')) as Rule
  expect(verifyGrants(dual, rules)).toMatchObject([{ status: 'OPEN', ruleName: v4.name }])
  expect(verifyGrants(dual, [v6])).toMatchObject([{ status: 'ABSENT' }])
  expect(verifyGrants(dual, [v4, { ...v6, priority: 950 }, foreignRule(900, { access: 'DENY' })])).toMatchObject([
    { status: 'BLOCKED', blockedBy: 'Foreign-900' },
  ])
})

it('a grant without an address family in common with its machine is ABSENT', () => {
  const [evidence] = verifyGrants({ grants: [grant({ sources: ['::/0'] })] }, [foreignRule(100)])
  expect(evidence).toMatchObject({ status: 'ABSENT', ruleName: null })
})
