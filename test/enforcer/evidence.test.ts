import { describe, expect, it } from 'vitest'
import type { Observation } from '../../src/cloud/port.ts'
import { evidenceOf } from '../../src/enforcer/evidence.ts'
import type { Written } from '../../src/enforcer/write.ts'
import { applyChanges } from '../../src/firewall/diff.ts'
import { planPass } from '../../src/firewall/plan-pass.ts'
import type { Rule } from '../../src/firewall/rule.ts'
import type { PassInput } from '../../src/store/reconcile/begin.ts'

const about = { vmId: 'vm', addresses: ['10.0.0.4'], port: 22, protocol: 'TCP' as const }
const live = (grantId: string, source: string) => ({
  ...about,
  grantId,
  sources: [source],
  endsAt: '2026-01-05T09:00:00.000Z',
})
const machine = { vmId: 'vm', addresses: ['10.0.0.4'], ports: [{ port: 22, protocol: 'TCP' as const }] }
const foreign = (access: 'ALLOW' | 'DENY', priority: number, source = '*'): Rule => ({
  name: `their-${access.toLowerCase()}`,
  description: '',
  priority,
  access,
  protocol: 'TCP',
  sources: [source],
  sourcePorts: [{ first: 0, last: 65_535 }],
  destinations: ['*'],
  ports: [{ first: 22, last: 22 }],
})
const showing = (rules: readonly Rule[]): Observation => ({
  boundaryId: 'nsg',
  kind: 'NETWORK_SECURITY_GROUP',
  etag: '1',
  rules,
  ruleCount: rules.length,
  raw: null,
})

/** Plans, writes all of it but `lost`, and looks. */
function look(given: Partial<PassInput>, before: readonly Rule[], more: { lost?: boolean; written?: Written } = {}) {
  const input: PassInput = {
    at: '2026-01-05T08:00:00.000Z',
    etag: null,
    machines: [machine],
    grants: [],
    ended: [],
    known: [],
    ours: { recorded: null, intended: null, left: [] },
    driftResponse: 'RESTORE',
    ...given,
  }
  const pass = planPass(input, showing(before))
  const { plan } = pass
  const after = more.lost === true ? before : applyChanges(before, plan.changes)
  const written = more.written ?? { correlationId: 'c-1', refused: new Map(), left: [] }
  return { plan, after, evidence: evidenceOf(pass, showing(before), showing(after), written) }
}

describe('what a pass saw', () => {
  it('is open only where the rule that was read back admits the packets', () => {
    const { evidence } = look({ grants: [live('g', '192.0.2.1/32')] }, [])
    expect(evidence).toMatchObject({
      enforcements: [{ grantId: 'g', status: 'OPEN', ruleName: expect.stringMatching(/^JitGateway-Allow-/) }],
      refused: [],
      unproven: false,
      correlationId: 'c-1',
    })
  })

  it('is absent, and to be looked at again, when what was written is not there', () => {
    const { evidence } = look({ grants: [live('g', '192.0.2.1/32')] }, [], { lost: true })
    expect(evidence.enforcements).toEqual([{ grantId: 'g', status: 'ABSENT', ruleName: null }])
    expect(evidence.unproven).toBe(true)
  })

  it('is blocked, and refused by name, where a foreign deny stands at the first priority there is', () => {
    const { evidence } = look({ grants: [live('g', '192.0.2.1/32')] }, [foreign('DENY', 100)])
    expect(evidence.enforcements).toMatchObject([{ grantId: 'g', status: 'BLOCKED' }])
    expect(evidence.refused).toMatchObject([{ grantId: 'g', fault: { code: 'BLOCKED_BY_RULE' } }])
    expect(evidence.refused[0]?.fault.message).toContain('their-deny')
    expect(evidence.unproven).toBe(false)
  })

  it('is not given up for a grant that was open before', () => {
    const grants = [live('g', '192.0.2.1/32')]
    const ruleName = look({ grants }, []).after.find((rule) => rule.access === 'ALLOW')?.name ?? ''
    const { evidence } = look({ grants, known: [{ grantId: 'g', ruleName }] }, [foreign('DENY', 100)])
    expect(evidence.unproven).toBe(true)
  })

  it('is refused in the words of the cloud where the cloud would not take the rule', () => {
    const grants = [live('g', '192.0.2.1/32')]
    const name = look({ grants }, []).plan.changes.put.find((rule) => rule.access === 'ALLOW')?.name ?? ''
    const fault = { code: 'SecurityRuleInvalidAddressPrefix', message: 'no' }
    const written = { correlationId: null, refused: new Map([[name, fault]]), left: [] }
    const { evidence } = look({ grants }, [], { lost: true, written })
    expect(evidence.refused).toEqual([{ grantId: 'g', fault }])
    expect(evidence.unproven).toBe(false)
  })

  it('is still open for an ended grant while its rule stands, and must be looked at again', () => {
    const ended = [{ ...about, grantId: 'over', sources: ['192.0.2.1/32'], closing: true }]
    const standing = look({ grants: [live('over', '192.0.2.1/32')] }, []).after
    const { evidence } = look({ ended }, standing, { lost: true })
    expect(evidence.enforcements).toMatchObject([{ grantId: 'over', status: 'OPEN' }])
    expect(evidence.unproven).toBe(true)
    expect(look({ ended }, standing).evidence).toMatchObject({
      enforcements: [{ grantId: 'over', status: 'ABSENT' }],
      unproven: false,
    })
  })

  it('says shared for an ended grant whose rule another one still needs', () => {
    const ended = [{ ...about, grantId: 'over', sources: ['192.0.2.1/32'], closing: true }]
    const grants = [live('stays', '192.0.2.1/32')]
    const { evidence } = look({ ended, grants }, look({ grants }, []).after)
    expect(evidence.enforcements).toMatchObject([
      { grantId: 'stays', status: 'OPEN' },
      { grantId: 'over', status: 'SHARED' },
    ])
    expect(evidence.unproven).toBe(false)
  })

  it('names the protected ports that a foreign allow leaves reachable', () => {
    expect(look({}, [foreign('ALLOW', 100)]).evidence.shadows).toEqual([
      { vmId: 'vm', port: 22, protocol: 'TCP', ruleName: 'their-allow' },
    ])
    expect(look({}, [foreign('ALLOW', 300)]).evidence.shadows).toEqual([])
  })

  it('notices a rule of ours that somebody took away before this pass put it back', () => {
    const grants = [live('g', '192.0.2.1/32')]
    const ruleName = look({ grants }, []).after.find((rule) => rule.access === 'ALLOW')?.name ?? ''
    const { evidence } = look({ grants, known: [{ grantId: 'g', ruleName }] }, [])
    expect(evidence.drifted).toEqual(['g'])
    expect(evidence.enforcements).toMatchObject([{ grantId: 'g', status: 'OPEN' }])
  })
})
