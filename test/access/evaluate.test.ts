import { describe, expect, it } from 'vitest'
import { evaluate } from '../../src/access/evaluate.ts'
import { anySource } from '../../src/access/prefix.ts'
import type { PolicyPort } from '../../src/access/policy.ts'

const ssh: PolicyPort = {
  port: 22,
  protocol: 'TCP',
  allowedSources: ['203.0.113.0/24', '2001:db8::/32'],
  maximumDurationSeconds: 3_600,
}
const dns: PolicyPort = { port: 53, protocol: 'ANY', allowedSources: anySource, maximumDurationSeconds: 86_400 }
const policy = [ssh, dns]
const inside = { sources: ['203.0.113.7/32'], durationSeconds: 600 }

describe('A port asked of a policy', () => {
  it('passes when its source lies inside an allowed prefix, be it a single address inside a /24', () => {
    expect(evaluate(policy, { port: 22, protocol: 'TCP' }, inside, [])).toEqual({
      protocol: 'TCP',
      durationSeconds: 600,
      violations: [],
    })
    const v6 = { sources: ['2001:db8:1::/48'], durationSeconds: 600 }
    expect(evaluate(policy, { port: 22, protocol: null }, v6, []).violations).toEqual([])
  })

  it('is refused when its source is wider than what is allowed', () => {
    const wide = { sources: ['203.0.0.0/16'], durationSeconds: 600 }
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
    expect(evaluate(policy, { port: 22, protocol: null }, open, [])).toMatchObject({ durationSeconds: 3_600 })
  })

  it('gets the protocol of the policy when none is named, and any single one where the policy has all', () => {
    expect(evaluate(policy, { port: 53, protocol: null }, inside, [])).toMatchObject({ protocol: 'ANY' })
    expect(evaluate(policy, { port: 53, protocol: 'UDP' }, inside, [])).toMatchObject({ protocol: 'UDP' })
  })

  it('is told every constraint that failed, each with what would pass', () => {
    const ask = { sources: ['198.51.100.1/32', '203.0.113.9/32'], durationSeconds: 7_200 }
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
})
