import { describe, expect, it } from 'vitest'
import { desiredRules } from '../../src/firewall/desired.ts'
import type { Rule } from '../../src/firewall/rule.ts'
import { shadowsOf } from '../../src/firewall/shadow.ts'
import { foreignRule, grant, machine } from './rules.ts'

const machines = [machine()]
const [deny] = desiredRules({ machines, grants: [] }, []).rules as [Rule]
const shadowing = (...rules: Rule[]) => shadowsOf(machines, [deny, ...rules]).map((shadow) => shadow.ruleName)

describe('a protected port', () => {
  it('is shadowed by the first foreign allow ahead of our deny', () => {
    const ssh = foreignRule(300, { name: 'AllowSsh', ports: [{ first: 22, last: 22 }] })
    expect(shadowsOf(machines, [foreignRule(400), ssh, deny])).toEqual([
      { vmId: 'vm-1', port: 22, protocol: 'TCP', ruleName: 'AllowSsh' },
    ])
  })

  it('is shadowed by an allow for whom or what only the cloud knows, or for some only', () => {
    for (const given of [{ sources: ['VirtualNetwork'] }, { destinations: ['asg'] }, { sources: ['192.0.2.1/32'] }])
      expect(shadowing(foreignRule(300, given))).toEqual(['Foreign-300'])
  })

  it('is not shadowed behind our deny, or behind a foreign one that stops everybody', () => {
    expect(shadowing(foreignRule(1_000))).toEqual([])
    expect(shadowing(foreignRule(300), foreignRule(299, { access: 'DENY' }))).toEqual([])
  })

  it('is shadowed behind a foreign deny that stops only others', () => {
    const allow = foreignRule(300, { sources: ['192.0.2.0/24'] })
    for (const given of [{ sources: ['Internet'] }, { sources: ['198.51.100.0/24'] }, { protocol: 'UDP' as const }])
      expect(shadowing(foreignRule(299, { access: 'DENY', ...given }), allow)).toEqual(['Foreign-300'])
    expect(shadowing(foreignRule(299, { access: 'DENY', sources: ['192.0.0.0/16'] }), allow)).toEqual([])
  })

  it('is not shadowed by an allow of ours', () => {
    expect(shadowsOf(machines, desiredRules({ machines, grants: [grant()] }, []).rules)).toEqual([])
  })

  it('of any protocol is shadowed by an allow for one, and kept by two denies together', () => {
    const any = [machine({ ports: [{ port: 22, protocol: 'ANY' }] })]
    const stop = (priority: number, protocol: 'TCP' | 'UDP') => foreignRule(priority, { access: 'DENY', protocol })
    expect(shadowsOf(any, [stop(100, 'TCP'), foreignRule(300)])).toMatchObject([{ port: 22, protocol: 'ANY' }])
    expect(shadowsOf(any, [stop(100, 'TCP'), stop(101, 'UDP'), foreignRule(300)])).toEqual([])
  })

  it('is shadowed when any address of the machine is', () => {
    const dual = [machine({ addresses: ['10.0.0.4', 'fd00::4'] })]
    const rules = [...desiredRules({ machines: dual, grants: [] }, []).rules, foreignRule(300, { sources: ['::/0'] })]
    expect(shadowsOf(dual, rules)).toMatchObject([{ ruleName: 'Foreign-300' }])
  })
})
