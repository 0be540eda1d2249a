import { describe, expect, it } from 'vitest'
import type { ApprovalRule } from '../../src/access/approval.ts'
import { evaluate } from '../../src/access/evaluate.ts'
import { anySource } from '../../src/access/prefix.ts'
import type { AccessAsked } from '../../src/access/constraints.ts'
import type { PolicyPort, PolicyTerms } from '../../src/access/policy.ts'
import { noTerms } from '../../src/access/terms.ts'

const ssh: PolicyPort = {
  port: 22,
  protocol: 'TCP',
  allowedSources: ['203.0.113.0/24', '2001:db8::/32'],
  maximumDurationSeconds: 3_600,
  approval: null,
}
const dns: PolicyPort = {
  port: 53,
  protocol: 'ANY',
  allowedSources: anySource,
  maximumDurationSeconds: 86_400,
  approval: null,
}
const policy: PolicyTerms = { ...noTerms, ports: [ssh, dns] }
const inside: AccessAsked = {
  requesterId: 'rob',
  sources: ['203.0.113.7/32'],
  durationSeconds: 600,
  endsAt: null,
  justification: null,
  ticket: null,
}

describe('A port asked of a policy', () => {
  it('passes when its source lies inside an allowed prefix, be it a single address inside a /24', () => {
    expect(evaluate(policy, { port: 22, protocol: 'TCP' }, inside, [])).toMatchObject({
      permitted: { protocol: 'TCP', durationSeconds: 600, approval: null },
      violations: [],
    })
    const v6 = { ...inside, sources: ['2001:db8:1::/48'] }
    expect(evaluate(policy, { port: 22, protocol: null }, v6, []).violations).toEqual([])
  })

  it('is refused when its source is wider than what is allowed', () => {
    const wide = { ...inside, sources: ['203.0.0.0/16'] }
    expect(evaluate(policy, { port: 22, protocol: 'TCP' }, wide, []).violations).toMatchObject([
      { constraint: 'SOURCE', asked: '203.0.0.0/16', allowed: ssh.allowedSources, field: ['sources', '0'] },
    ])
  })

  it('may last exactly the maximum and not a second more', () => {
    const ask = (durationSeconds: number) =>
      evaluate(policy, { port: 22, protocol: null }, { ...inside, durationSeconds }, []).violations
    expect(ask(3_600)).toEqual([])
    expect(ask(3_601)).toMatchObject([{ constraint: 'DURATION', allowed: ['PT1H'], asked: 'PT1H1S' }])
  })

  it('gets the longest window allowed when no duration is named', () => {
    const open = { ...inside, durationSeconds: null }
    expect(evaluate(policy, { port: 22, protocol: null }, open, [])).toMatchObject({
      permitted: { durationSeconds: 3_600 },
    })
  })

  it('gets the protocol of the policy when none is named, and any single one where the policy has all', () => {
    expect(evaluate(policy, { port: 53, protocol: null }, inside, []).permitted).toMatchObject({ protocol: 'ANY' })
    expect(evaluate(policy, { port: 53, protocol: 'UDP' }, inside, []).permitted).toMatchObject({ protocol: 'UDP' })
  })

  it('is told every constraint that failed, each with what would pass', () => {
    const ask = { ...inside, sources: ['198.51.100.1/32', '203.0.113.9/32'], durationSeconds: 7_200 }
    const at = ['targets', '0', 'ports', '1']
    expect(evaluate(policy, { port: 22, protocol: 'ANY' }, ask, at).violations).toMatchObject([
      { constraint: 'PROTOCOL', asked: 'ANY', allowed: ['TCP'], field: [...at, 'protocol'] },
      { constraint: 'SOURCE', asked: '198.51.100.1/32', field: ['sources', '0'] },
      { constraint: 'DURATION', asked: 'PT2H', allowed: ['PT1H'] },
    ])
  })

  it('is told which ports the policy has when it is none of them', () => {
    expect(evaluate(policy, { port: 3389, protocol: null }, inside, []).violations).toMatchObject([
      { constraint: 'PORT', asked: '3389', allowed: ['22/TCP', '53/ANY'] },
    ])
  })

  it('is told every constraint, satisfied or not', () => {
    const strict = { ...policy, ticket: { required: true, pattern: 'OPS-\\d+' } }
    const found = evaluate(strict, { port: 22, protocol: null }, { ...inside, durationSeconds: 7_200 }, [])
    expect(found.constraints.map(({ constraint, satisfied }) => `${constraint} ${String(satisfied)}`)).toEqual([
      'PORT true',
      'PROTOCOL true',
      'SOURCE true',
      'DURATION false',
      'JUSTIFICATION true',
      'TICKET false',
    ])
    expect(found.permitted).toBeNull()
  })
})

describe('A policy that asks for words', () => {
  const strict: PolicyTerms = {
    ...policy,
    justification: { required: true, pattern: null },
    ticket: { required: false, pattern: 'OPS-\\d+' },
  }
  const ask = (more: Partial<AccessAsked>) =>
    evaluate(strict, { port: 22, protocol: null }, { ...inside, ...more }, []).violations

  it('is not met without them', () => {
    expect(ask({})).toMatchObject([{ constraint: 'JUSTIFICATION', field: ['justification'], allowed: [], asked: '' }])
    expect(ask({ justification: 'deploy' })).toEqual([])
  })

  it('checks the whole of a text against its pattern, and where it is optional only if it is there', () => {
    const ticket = (id: string) => ask({ justification: 'deploy', ticket: { id, system: null } })
    expect(ticket('OPS-17')).toEqual([])
    expect(ticket('see OPS-17')).toMatchObject([
      { constraint: 'TICKET', field: ['ticket', 'id'], allowed: ['OPS-\\d+'], asked: 'see OPS-17' },
    ])
  })
})

describe('A policy that asks for approval', () => {
  const named = (...ids: string[]): ApprovalRule => ({
    approvalsNeeded: 2,
    approvers: ids.map((id) => ({ kind: 'USER', id })),
    decideWithinSeconds: 3_600,
  })
  const ask = (approval: ApprovalRule | null, own: ApprovalRule | null = null) =>
    evaluate({ ...policy, approval, ports: [{ ...ssh, approval: own }] }, { port: 22, protocol: null }, inside, [])

  it('permits what is approved, by the rule of the port where it has one', () => {
    expect(ask(named('ada', 'ann')).permitted?.approval).toEqual(named('ada', 'ann'))
    expect(ask(named('ada', 'ann'), named('bo', 'bea')).permitted?.approval).toEqual(named('bo', 'bea'))
    const nobody = { approvalsNeeded: 0, approvers: [], decideWithinSeconds: 3_600 }
    expect(ask(named('ada', 'ann'), nobody).permitted?.approval).toBeNull()
  })

  it('permits nothing that cannot be approved, since nobody approves what they asked for', () => {
    expect(ask(named('ada', 'rob')).violations).toMatchObject([
      { constraint: 'APPROVAL', allowed: ['2'], asked: 'rob' },
    ])
    const group: ApprovalRule = { ...named('rob'), approvers: [{ kind: 'GROUP', id: 'on-call' }] }
    expect(ask(group).violations).toEqual([])
  })
})
